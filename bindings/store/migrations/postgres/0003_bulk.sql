-- Bulk rows, attested by `batch.recorded`: the SHA-256 over their canonical JSON stands in the log.
CREATE TABLE attested_batches (
    batch_id                  text           NOT NULL PRIMARY KEY,
    log_id                    bigint         NOT NULL REFERENCES audit_head (log_id),
    table_name                text           NOT NULL CHECK (table_name IN ('cost_allocation', 'biz_kpis', 'dora_metrics')),
    rows                      bigint         NOT NULL CHECK (rows >= 0),
    sha256                    text           NOT NULL CHECK (length(sha256) = 64),
    seq                       bigint         NOT NULL
);

CREATE TABLE cost_allocation (
    day                       date           NOT NULL,
    scope                     text           NOT NULL,
    team                      text           NOT NULL,
    cluster                   text           NOT NULL,
    namespace                 text           NOT NULL,
    workload                  text           NOT NULL,
    currency                  currency_code  NOT NULL,
    cost                      numeric(38,12) NOT NULL,
    cpu_cost                  numeric(38,12),
    memory_cost               numeric(38,12),
    storage_cost              numeric(38,12),
    network_cost              numeric(38,12),
    method                    text,
    batch_id                  text           NOT NULL REFERENCES attested_batches (batch_id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (day, scope, team, cluster, namespace, workload, currency)
) PARTITION BY RANGE (day);
CREATE INDEX cost_allocation_batch ON cost_allocation (batch_id);

CREATE TABLE biz_kpis (
    name                      text           NOT NULL,
    ts                        timestamptz    NOT NULL,
    dims                      text           NOT NULL,
    value                     numeric(38,18) NOT NULL,
    unit                      text,
    currency                  currency_code,
    source                    text,
    batch_id                  text           NOT NULL REFERENCES attested_batches (batch_id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (name, ts, dims)
) PARTITION BY RANGE (ts);
CREATE INDEX biz_kpis_batch ON biz_kpis (batch_id);

CREATE TABLE dora_metrics (
    period                    text           NOT NULL,
    team                      text           NOT NULL,
    service                   text           NOT NULL,
    metric                    text           NOT NULL,
    value                     numeric(38,18) NOT NULL,
    unit                      text,
    batch_id                  text           NOT NULL REFERENCES attested_batches (batch_id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (period, team, service, metric)
) PARTITION BY RANGE (period);
CREATE INDEX dora_metrics_batch ON dora_metrics (batch_id);

CREATE TABLE savings_reports (
    report_id                 text           NOT NULL PRIMARY KEY,
    log_id                    bigint         NOT NULL REFERENCES audit_head (log_id),
    kind                      text           NOT NULL,
    label                     text           NOT NULL,
    period                    text           NOT NULL,
    origin                    text           NOT NULL,
    as_of_size                bigint         NOT NULL CHECK (as_of_size >= 0),
    as_of_root                text           NOT NULL CHECK (length(as_of_root) = 64),
    body                      text           NOT NULL,
    body_sha256               text           NOT NULL CHECK (length(body_sha256) = 64)
);

CREATE TRIGGER savings_reports_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON savings_reports
FOR EACH STATEMENT EXECUTE FUNCTION finops_append_only();

-- The store makes a month's partition before its first row: PostgreSQL refuses one whose rows are in the default.
CREATE TABLE cost_allocation_default PARTITION OF cost_allocation DEFAULT;
CREATE TABLE biz_kpis_default PARTITION OF biz_kpis DEFAULT;
CREATE TABLE dora_metrics_default PARTITION OF dora_metrics DEFAULT;
