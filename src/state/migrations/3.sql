-- What a shell may complete: values that commands have seen, the newest ones of each kind.
CREATE TABLE completion (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    help TEXT NOT NULL,            -- one line beside the value: a title
    at TEXT NOT NULL,              -- RFC 3339, UTC: when it was last seen
    place INTEGER NOT NULL,        -- among those seen at once, the first one first
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
