-- The team's table of notifications that gave up, and what the rest of Supabase leaves lying around.
CREATE SCHEMA admin;

CREATE TABLE admin.notification_failures (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempted_at timestamptz NOT NULL DEFAULT now(),
    channel text NOT NULL,
    severity text,
    title text,
    http_status int,
    retry_count int NOT NULL DEFAULT 0,
    error_message text,
    fallback_email_sent boolean NOT NULL DEFAULT false,
    status text NOT NULL DEFAULT 'failed',
    payload jsonb
);

CREATE INDEX ON admin.notification_failures (attempted_at, id);
