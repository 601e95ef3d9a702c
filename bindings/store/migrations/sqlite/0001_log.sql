-- The event log. `event` holds the signed bytes; every other column of `audit_log` can be derived from them and from
-- the records before, and opening the store does so.
CREATE TABLE audit_head (
    log_id   INTEGER PRIMARY KEY,
    origin   TEXT    NOT NULL UNIQUE,
    size     INTEGER NOT NULL CHECK (size >= 0),
    tag      BLOB    NOT NULL CHECK (length(tag) = 32),
    frontier BLOB    NOT NULL CHECK (length(frontier) % 32 = 0),
    kid      TEXT,
    epoch    INTEGER NOT NULL CHECK (epoch >= 0)
) STRICT;

CREATE TABLE audit_log (
    log_id      INTEGER NOT NULL REFERENCES audit_head (log_id),
    seq         INTEGER NOT NULL CHECK (seq >= 0),
    kid         TEXT    NOT NULL,
    tag         BLOB    NOT NULL CHECK (length(tag) = 32),
    leaf        BLOB    NOT NULL CHECK (length(leaf) = 32),
    event_id    TEXT    NOT NULL,
    event       TEXT    NOT NULL,
    received_at TEXT    NOT NULL,
    PRIMARY KEY (log_id, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX audit_log_event_id ON audit_log (log_id, event_id);

CREATE TABLE audit_checkpoint (
    log_id     INTEGER NOT NULL REFERENCES audit_head (log_id),
    size       INTEGER NOT NULL CHECK (size >= 0),
    note       TEXT    NOT NULL,
    head       TEXT    NOT NULL,
    created_at TEXT    NOT NULL,
    PRIMARY KEY (log_id, size)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_redactable (
    log_id   INTEGER NOT NULL REFERENCES audit_head (log_id),
    event_id TEXT    NOT NULL,
    field    TEXT    NOT NULL,
    salt     BLOB    NOT NULL CHECK (length(salt) = 32),
    value    TEXT    NOT NULL,
    PRIMARY KEY (log_id, event_id, field)
) STRICT, WITHOUT ROWID;

CREATE VIEW event_log AS
SELECT h.origin,
       l.seq,
       l.event_id                       AS id,
       json_extract(l.event, '$.at')    AS at,
       json_extract(l.event, '$.actor') AS actor,
       json_extract(l.event, '$.kind')  AS kind,
       json_extract(l.event, '$.data')  AS data,
       lower(hex(l.tag))                AS tag,
       l.kid
FROM audit_log l
JOIN audit_head h USING (log_id);

-- Triggers stop accidents, not owners: the tags are the control.
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
-- INSERT OR REPLACE deletes without delete triggers (sqlite.org/lang_conflict.html). Two EXISTS, an index each: one
-- with OR would scan the log.
CREATE TRIGGER audit_log_no_replace BEFORE INSERT ON audit_log
WHEN EXISTS (SELECT 1 FROM audit_log WHERE log_id = NEW.log_id AND seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM audit_log WHERE log_id = NEW.log_id AND event_id = NEW.event_id)
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only: the record exists'); END;

CREATE TRIGGER audit_checkpoint_no_update BEFORE UPDATE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is append-only'); END;
CREATE TRIGGER audit_checkpoint_no_delete BEFORE DELETE ON audit_checkpoint
BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is append-only'); END;
CREATE TRIGGER audit_checkpoint_no_replace BEFORE INSERT ON audit_checkpoint
WHEN EXISTS (SELECT 1 FROM audit_checkpoint WHERE log_id = NEW.log_id AND size = NEW.size)
BEGIN SELECT RAISE(ABORT, 'audit_checkpoint is append-only: the checkpoint exists'); END;
