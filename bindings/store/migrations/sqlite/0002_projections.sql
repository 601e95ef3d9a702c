-- Projections: rebuilt from the log they are equal row for row. Decimals are text in normal form; the engine sums.
CREATE TABLE projection_state (
    log_id       INTEGER NOT NULL REFERENCES audit_head (log_id),
    name         TEXT    NOT NULL,
    applied_size INTEGER NOT NULL CHECK (applied_size >= 0),
    PRIMARY KEY (log_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE cost_baselines (
    log_id          INTEGER NOT NULL REFERENCES audit_head (log_id),
    id              TEXT    NOT NULL,
    workload_id     TEXT    NOT NULL,
    namespace       TEXT    NOT NULL,
    cluster         TEXT    NOT NULL,
    team            TEXT    NOT NULL,
    resource        TEXT    NOT NULL,
    cost            TEXT    NOT NULL,
    monthly_cost    TEXT    NOT NULL,
    cpu_cost        TEXT,
    memory_cost     TEXT,
    storage_cost    TEXT,
    network_cost    TEXT,
    period_start    TEXT    NOT NULL,
    period_end      TEXT    NOT NULL,
    currency        TEXT    NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    price_basis     TEXT    NOT NULL,
    fixed_share     TEXT,
    driver_name     TEXT,
    driver_quantity TEXT,
    unit_price      TEXT,
    daily           TEXT    NOT NULL,
    source          TEXT    NOT NULL,
    source_sha256   TEXT,
    seq             INTEGER NOT NULL,
    PRIMARY KEY (log_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE opportunities (
    log_id                    INTEGER NOT NULL REFERENCES audit_head (log_id),
    id                        TEXT    NOT NULL,
    type                      TEXT    NOT NULL,
    status                    TEXT    NOT NULL,
    detected_at               TEXT,
    cluster                   TEXT    NOT NULL,
    namespace                 TEXT    NOT NULL,
    workload                  TEXT    NOT NULL,
    team                      TEXT    NOT NULL,
    resource                  TEXT    NOT NULL,
    component                 TEXT    NOT NULL,
    effect                    TEXT    NOT NULL CHECK (effect IN ('eliminate', 'usage', 'rate')),
    estimated_monthly_savings TEXT    NOT NULL,
    currency                  TEXT    NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    price_basis               TEXT    NOT NULL,
    confidence                TEXT,
    risk_score                TEXT,
    realized_savings          TEXT    NOT NULL,
    fingerprint               TEXT    NOT NULL,
    generation                INTEGER NOT NULL,
    books_on                  TEXT,
    measure_rank              INTEGER NOT NULL,
    pr_url                    TEXT,
    pr_number                 INTEGER,
    implemented_at            TEXT,
    verified_at               TEXT,
    expires_at                TEXT,
    rollback_reason           TEXT,
    superseded_by             TEXT,
    finding_id                TEXT,
    detector                  TEXT,
    environment               TEXT,
    baseline_id               TEXT,
    evidence                  TEXT    NOT NULL,
    before_state              TEXT    NOT NULL,
    after_state               TEXT    NOT NULL,
    seq                       INTEGER NOT NULL,
    PRIMARY KEY (log_id, id)
) STRICT, WITHOUT ROWID;

-- `failed` may be proposed again: it is open.
CREATE UNIQUE INDEX opportunities_open ON opportunities (log_id, fingerprint)
WHERE status NOT IN ('rejected', 'expired', 'rolled_back', 'superseded', 'closed');
CREATE INDEX opportunities_status ON opportunities (log_id, status);

CREATE TABLE savings_verifications (
    log_id            INTEGER NOT NULL REFERENCES audit_head (log_id),
    event_id          TEXT    NOT NULL,
    opportunity_id    TEXT    NOT NULL,
    resource          TEXT    NOT NULL,
    method            TEXT    NOT NULL,
    effect            TEXT    NOT NULL,
    period_start      TEXT    NOT NULL,
    period_end        TEXT    NOT NULL,
    currency          TEXT    NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    price_basis       TEXT    NOT NULL,
    adjusted_baseline TEXT    NOT NULL,
    actual            TEXT    NOT NULL,
    non_routine       TEXT    NOT NULL,
    total             TEXT    NOT NULL,
    usage_effect      TEXT,
    rate_effect       TEXT,
    claimed           TEXT    NOT NULL,
    cash_reduction    TEXT    NOT NULL,
    avoided_growth    TEXT    NOT NULL,
    ci90_low          TEXT,
    ci90_high         TEXT,
    verdict           TEXT    NOT NULL CHECK (verdict IN ('verified', 'inconclusive', 'regressed')),
    corrected_by      TEXT,
    seq               INTEGER NOT NULL,
    PRIMARY KEY (log_id, event_id),
    UNIQUE (log_id, opportunity_id, resource, period_start),
    CHECK (period_start < period_end)
) STRICT, WITHOUT ROWID;

CREATE TABLE deployments (
    log_id        INTEGER NOT NULL REFERENCES audit_head (log_id),
    deployment_id TEXT    NOT NULL,
    at            TEXT    NOT NULL,
    service       TEXT,
    team          TEXT,
    environment   TEXT    NOT NULL,
    commit_sha    TEXT,
    committed_at  TEXT,
    outcome       TEXT    NOT NULL CHECK (outcome IN ('success', 'failure')),
    restored_at   TEXT,
    seq           INTEGER NOT NULL,
    PRIMARY KEY (log_id, deployment_id)
) STRICT, WITHOUT ROWID;
