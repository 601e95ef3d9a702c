-- The event log. `event` holds the signed bytes, never jsonb: it reorders keys and drops duplicates. Every other column
-- of `audit_log` can be derived from them and from the records before, and opening the store does so.
CREATE DOMAIN currency_code AS text CHECK (VALUE ~ '^[A-Z]{3}$');

CREATE TABLE audit_head (
    log_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin   text   NOT NULL UNIQUE,
    size     bigint NOT NULL CHECK (size >= 0),
    tag      bytea  NOT NULL CHECK (length(tag) = 32),
    frontier bytea  NOT NULL CHECK (length(frontier) % 32 = 0),
    kid      text,
    epoch    bigint NOT NULL CHECK (epoch >= 0)
);

CREATE TABLE audit_log (
    log_id      bigint      NOT NULL REFERENCES audit_head (log_id),
    seq         bigint      NOT NULL CHECK (seq >= 0),
    kid         text        NOT NULL,
    tag         bytea       NOT NULL CHECK (length(tag) = 32),
    leaf        bytea       NOT NULL CHECK (length(leaf) = 32),
    event_id    text        NOT NULL,
    event       text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (log_id, seq),
    CONSTRAINT audit_log_event_id UNIQUE (log_id, event_id)
);

CREATE TABLE audit_checkpoint (
    log_id     bigint      NOT NULL REFERENCES audit_head (log_id),
    size       bigint      NOT NULL CHECK (size >= 0),
    note       text        NOT NULL,
    head       text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (log_id, size)
);

CREATE TABLE audit_redactable (
    log_id   bigint NOT NULL REFERENCES audit_head (log_id),
    event_id text   NOT NULL,
    field    text   NOT NULL,
    salt     bytea  NOT NULL CHECK (length(salt) = 32),
    value    text   NOT NULL,
    PRIMARY KEY (log_id, event_id, field)
);

CREATE VIEW event_log AS
SELECT h.origin,
       l.seq,
       l.event_id                                 AS id,
       (l.event::json ->> 'at')::timestamptz      AS at,
       l.event::json ->> 'actor'                  AS actor,
       l.event::json ->> 'kind'                   AS kind,
       l.event::json -> 'data'                    AS data,
       encode(l.tag, 'hex')                       AS tag,
       l.kid
FROM audit_log l
JOIN audit_head h USING (log_id);

-- Triggers stop accidents, not owners: the tags are the control.
CREATE FUNCTION finops_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION finops_append_only();
CREATE TRIGGER audit_checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
FOR EACH STATEMENT EXECUTE FUNCTION finops_append_only();
