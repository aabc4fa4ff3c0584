-- `send_unreconciled` tells open intents too: each of them is unreconciled. A send writes to fewer
-- pages of the file.
DROP INDEX send_open;
