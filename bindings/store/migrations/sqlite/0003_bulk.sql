-- Bulk rows, attested by `batch.recorded`: the SHA-256 over their canonical JSON stands in the log.
CREATE TABLE attested_batches (
    batch_id   TEXT    NOT NULL PRIMARY KEY,
    log_id     INTEGER NOT NULL REFERENCES audit_head (log_id),
    table_name TEXT    NOT NULL CHECK (table_name IN ('cost_allocation', 'biz_kpis', 'dora_metrics')),
    rows       INTEGER NOT NULL CHECK (rows >= 0),
    sha256     TEXT    NOT NULL CHECK (length(sha256) = 64),
    seq        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE cost_allocation (
    day          TEXT NOT NULL,
    scope        TEXT NOT NULL,
    team         TEXT NOT NULL,
    cluster      TEXT NOT NULL,
    namespace    TEXT NOT NULL,
    workload     TEXT NOT NULL,
    currency     TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    cost         TEXT NOT NULL,
    cpu_cost     TEXT,
    memory_cost  TEXT,
    storage_cost TEXT,
    network_cost TEXT,
    method       TEXT,
    batch_id     TEXT NOT NULL REFERENCES attested_batches (batch_id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (day, scope, team, cluster, namespace, workload, currency)
) STRICT, WITHOUT ROWID;
CREATE INDEX cost_allocation_batch ON cost_allocation (batch_id);

CREATE TABLE biz_kpis (
    name     TEXT NOT NULL,
    ts       TEXT NOT NULL,
    dims     TEXT NOT NULL,
    value    TEXT NOT NULL,
    unit     TEXT,
    currency TEXT CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
    source   TEXT,
    batch_id TEXT NOT NULL REFERENCES attested_batches (batch_id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (name, ts, dims)
) STRICT, WITHOUT ROWID;
CREATE INDEX biz_kpis_batch ON biz_kpis (batch_id);

CREATE TABLE dora_metrics (
    period   TEXT NOT NULL,
    team     TEXT NOT NULL,
    service  TEXT NOT NULL,
    metric   TEXT NOT NULL,
    value    TEXT NOT NULL,
    unit     TEXT,
    batch_id TEXT NOT NULL REFERENCES attested_batches (batch_id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (period, team, service, metric)
) STRICT, WITHOUT ROWID;
CREATE INDEX dora_metrics_batch ON dora_metrics (batch_id);

CREATE TABLE savings_reports (
    report_id   TEXT    NOT NULL PRIMARY KEY,
    log_id      INTEGER NOT NULL REFERENCES audit_head (log_id),
    kind        TEXT    NOT NULL,
    label       TEXT    NOT NULL,
    period      TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    as_of_size  INTEGER NOT NULL CHECK (as_of_size >= 0),
    as_of_root  TEXT    NOT NULL CHECK (length(as_of_root) = 64),
    body        TEXT    NOT NULL,
    body_sha256 TEXT    NOT NULL CHECK (length(body_sha256) = 64)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER savings_reports_no_update BEFORE UPDATE ON savings_reports
BEGIN SELECT RAISE(ABORT, 'savings_reports is append-only'); END;
CREATE TRIGGER savings_reports_no_delete BEFORE DELETE ON savings_reports
BEGIN SELECT RAISE(ABORT, 'savings_reports is append-only'); END;
CREATE TRIGGER savings_reports_no_replace BEFORE INSERT ON savings_reports
WHEN EXISTS (SELECT 1 FROM savings_reports WHERE report_id = NEW.report_id)
BEGIN SELECT RAISE(ABORT, 'savings_reports is append-only: the report exists'); END;
