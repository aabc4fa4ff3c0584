-- What triage found, so that the next one can tell since when it has been red.
CREATE TABLE triage (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,              -- RFC 3339, UTC
    env TEXT NOT NULL,
    whole INTEGER NOT NULL,        -- 0: some sources were left out
    verdict TEXT NOT NULL,
    document TEXT NOT NULL         -- the JSON answer
) STRICT;
CREATE INDEX triage_by_env ON triage (env, at);
