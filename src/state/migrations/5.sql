-- The journal: what people and this program did, in order. Nothing in it ever changes.
-- Times are RFC 3339 (UTC) with microseconds, so that they sort as texts.
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    v INTEGER NOT NULL DEFAULT 1,  -- the form of a line
    env TEXT NOT NULL,
    incident TEXT,                 -- INC-…; NULL: put down while none was open
    at TEXT NOT NULL,              -- when it was put down
    occurred_at TEXT NOT NULL,     -- when it happened, which may be earlier
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data) AND json_type(data) = 'object')
) STRICT;
CREATE INDEX journal_by_env ON journal (env, occurred_at, seq);
CREATE INDEX journal_by_incident ON journal (incident, occurred_at, seq) WHERE incident IS NOT NULL;
CREATE TRIGGER journal_stays BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is never changed: put down a new line');
END;
CREATE TRIGGER journal_is_kept BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is never changed: put down a new line');
END;
-- REPLACE deletes without asking the trigger above.
CREATE TRIGGER journal_is_not_replaced BEFORE INSERT ON journal
WHEN EXISTS (SELECT 1 FROM journal WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'the journal is never changed: put down a new line');
END;

-- Messages that were to leave and certainly did not. What may have left is in no spool.
CREATE TABLE spool (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    env TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,            -- as in `send`
    subject TEXT NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    reason TEXT NOT NULL,          -- why it did not leave
    made_at INTEGER NOT NULL,      -- microseconds since 1970 (UTC), as the next one
    -- taken: somebody is sending it, or died over it.
    state TEXT NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'taken', 'delivered', 'unsure', 'dropped')),
    note TEXT,
    ended_at INTEGER
) STRICT;
CREATE INDEX spool_waiting ON spool (env, id) WHERE state = 'waiting';
CREATE TRIGGER spool_message_stays
BEFORE UPDATE OF id, env, channel, kind, subject, body, made_at ON spool
BEGIN
    SELECT RAISE(ABORT, 'a message in the spool never changes');
END;
