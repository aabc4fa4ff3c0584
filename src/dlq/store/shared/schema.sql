CREATE SCHEMA IF NOT EXISTS parky_ops;

CREATE TABLE IF NOT EXISTS parky_ops.meta (
  key text PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE IF NOT EXISTS parky_ops.replay_run (
  run_id uuid PRIMARY KEY,
  operator text NOT NULL,
  host text NOT NULL,
  boot_id text NOT NULL,
  pid bigint NOT NULL,
  pid_started text NOT NULL,
  version text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  ended_how text,
  plan_id text NOT NULL,
  filter jsonb NOT NULL,
  options jsonb NOT NULL,
  selected integer NOT NULL,
  counts jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS replay_run_newest ON parky_ops.replay_run (started_at);

-- No foreign key to the team's table: its rows may be purged.
CREATE TABLE IF NOT EXISTS parky_ops.replay_item (
  failure_id text PRIMARY KEY,
  lane text NOT NULL,
  state text NOT NULL DEFAULT 'open' CONSTRAINT replay_item_state CHECK (state IN {states}),
  run_id uuid,
  fence bigint NOT NULL DEFAULT 0,
  lease_until timestamptz,
  not_before timestamptz,
  attempts integer NOT NULL DEFAULT 0,
  fingerprint bytea NOT NULL CONSTRAINT replay_item_fingerprint CHECK (length(fingerprint) = 32),
  payload_sha bytea NOT NULL CONSTRAINT replay_item_payload_sha CHECK (length(payload_sha) = 32),
  message_id text,
  channel_id text,
  reason text,
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Of equal alerts at most one is under way.
CREATE UNIQUE INDEX IF NOT EXISTS replay_item_one_under_way
  ON parky_ops.replay_item (fingerprint) WHERE state IN ('claimed', 'sending', 'unsure');
CREATE INDEX IF NOT EXISTS replay_item_equals ON parky_ops.replay_item (fingerprint);
CREATE INDEX IF NOT EXISTS replay_item_under_way
  ON parky_ops.replay_item (state, run_id) WHERE state IN ('claimed', 'sending', 'unsure');
CREATE INDEX IF NOT EXISTS replay_item_known
  ON parky_ops.replay_item (updated_at) WHERE state <> 'open';

CREATE TABLE IF NOT EXISTS parky_ops.replay_selection (
  run_id uuid NOT NULL REFERENCES parky_ops.replay_run,
  lane text NOT NULL,
  ord integer NOT NULL,
  failure_id text NOT NULL REFERENCES parky_ops.replay_item,
  PRIMARY KEY (run_id, lane, ord)
);

-- A row per attempt, never changed but for its end.
CREATE TABLE IF NOT EXISTS parky_ops.replay_attempt (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  failure_id text NOT NULL,
  run_id uuid NOT NULL,
  fence bigint NOT NULL,
  intent_at timestamptz NOT NULL,
  ended_at timestamptz,
  outcome text,
  moved boolean,
  http_status integer,
  discord_code bigint,
  retry_after numeric,
  message_id text,
  ping text,
  payload_sha bytea,
  note text
);
CREATE UNIQUE INDEX IF NOT EXISTS replay_attempt_of_fence
  ON parky_ops.replay_attempt (failure_id, fence);
CREATE INDEX IF NOT EXISTS replay_attempt_recent ON parky_ops.replay_attempt (intent_at);

CREATE TABLE IF NOT EXISTS parky_ops.lane_lease (
  lane text PRIMARY KEY,
  run_id uuid NOT NULL,
  lease_until timestamptz NOT NULL
);
