-- The delivery ledger, and the replay's leases where no shared store serves.
-- Times are microseconds since 1970 (UTC).

-- Since when this file knows what left this machine, by environment.
CREATE TABLE ledger (
    env TEXT PRIMARY KEY,
    born INTEGER NOT NULL,
    accepted INTEGER               -- an operator said that what is older may be sent
) STRICT;

-- A line per send: the intent before its first byte, the receipt after its answer.
CREATE TABLE send (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    env TEXT NOT NULL,
    kind TEXT NOT NULL,            -- replay, digest, notify, incident
    subject TEXT NOT NULL,         -- what is sent: a row's key, an incident's id
    lane TEXT NOT NULL,
    run TEXT,
    fence INTEGER,
    payload_sha TEXT NOT NULL,     -- hexadecimal
    intent_at INTEGER NOT NULL,
    fate TEXT,
    http_status INTEGER,
    code INTEGER,
    message_id TEXT,
    channel_id TEXT,
    note TEXT,
    ended_at INTEGER,
    reconciled INTEGER NOT NULL DEFAULT 0  -- 1: the shared store has heard of it
) STRICT;
CREATE INDEX send_recent ON send (env, intent_at);
CREATE INDEX send_open ON send (env, id) WHERE ended_at IS NULL;
CREATE INDEX send_unreconciled ON send (env, id) WHERE reconciled = 0;
CREATE TRIGGER send_intent_stays
BEFORE UPDATE OF id, env, kind, subject, lane, run, fence, payload_sha, intent_at ON send
BEGIN
    SELECT RAISE(ABORT, 'an intent never changes');
END;

CREATE TABLE replay_run (
    run_id TEXT PRIMARY KEY,
    env TEXT NOT NULL,
    operator TEXT NOT NULL,
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    pid INTEGER NOT NULL,
    pid_started TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    ended_at INTEGER,
    ended_how TEXT,
    plan_id TEXT NOT NULL,
    filter TEXT NOT NULL,          -- JSON, as the next two
    options TEXT NOT NULL,
    counts TEXT NOT NULL,
    selected INTEGER NOT NULL
) STRICT;
CREATE INDEX replay_run_newest ON replay_run (env, started_at);

CREATE TABLE replay_item (
    env TEXT NOT NULL,
    failure_id TEXT NOT NULL,
    lane TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'claimed', 'sending', 'unsure', 'delivered',
                                         'rejected', 'skipped', 'discarded')),
    run_id TEXT,
    fence INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    not_before INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),
    payload_sha TEXT NOT NULL CHECK (length(payload_sha) = 64),
    message_id TEXT,
    channel_id TEXT,
    reason TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (env, failure_id)
) STRICT, WITHOUT ROWID;
-- Of equal alerts at most one is under way.
CREATE UNIQUE INDEX replay_item_one_under_way
    ON replay_item (env, fingerprint) WHERE state IN ('claimed', 'sending', 'unsure');
CREATE INDEX replay_item_equals ON replay_item (env, fingerprint);
CREATE INDEX replay_item_known ON replay_item (env, updated_at) WHERE state <> 'open';

CREATE TABLE replay_selection (
    run_id TEXT NOT NULL,
    lane TEXT NOT NULL,
    ord INTEGER NOT NULL,
    failure_id TEXT NOT NULL,
    PRIMARY KEY (run_id, lane, ord)
) STRICT, WITHOUT ROWID;

CREATE TABLE replay_attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    env TEXT NOT NULL,
    failure_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    fence INTEGER NOT NULL,
    intent_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,
    moved INTEGER,                 -- 1: the item followed; 0: somebody else had it
    http_status INTEGER,
    code INTEGER,
    retry_after INTEGER,
    message_id TEXT,
    ping TEXT,
    payload_sha TEXT,
    note TEXT,
    UNIQUE (env, failure_id, fence)
) STRICT;
CREATE INDEX replay_attempt_recent ON replay_attempt (env, intent_at);

CREATE TABLE lane_lease (
    env TEXT NOT NULL,
    lane TEXT NOT NULL,
    run_id TEXT NOT NULL,
    lease_until INTEGER NOT NULL,
    PRIMARY KEY (env, lane)
) STRICT, WITHOUT ROWID;
