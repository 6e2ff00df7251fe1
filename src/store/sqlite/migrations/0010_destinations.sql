-- A task whose destination takes no call now is parked: it stays ready and keeps its rank, but claims
-- pass it over until it is unparked, best rank first.
CREATE TABLE destinations (
  no      INTEGER PRIMARY KEY,
  tenant  INTEGER NOT NULL,
  origin  TEXT NOT NULL,
  handler TEXT NOT NULL,
  UNIQUE (tenant, origin, handler)
);
CREATE TABLE destination_states (
  destination INTEGER NOT NULL,
  node        TEXT NOT NULL,
  state       INTEGER NOT NULL CHECK (state IN (0, 1)),
  since       INTEGER NOT NULL,
  error       TEXT NOT NULL,
  next_call   INTEGER,
  PRIMARY KEY (destination, node)
) WITHOUT ROWID;
ALTER TABLE live ADD COLUMN parked INTEGER CHECK (parked IS NULL OR status = 2);
ALTER TABLE live ADD COLUMN refused_at INTEGER;
ALTER TABLE live ADD COLUMN patience_ms INTEGER;
-- The run that has had a connection end before its answer.
ALTER TABLE live ADD COLUMN resent_run INTEGER;
-- A delivery that its destination refuses: due when it is to be given up, unless it is called back
-- before. Of such ones, when this round was first due.
ALTER TABLE deliveries ADD COLUMN set_aside INTEGER;
ALTER TABLE deliveries ADD COLUMN first_due INTEGER;
CREATE INDEX deliveries_set_aside ON deliveries (set_aside, due_since, no)
WHERE state = 1 AND set_aside IS NOT NULL;
DROP INDEX live_ready;
CREATE INDEX live_ready ON live (lane, rank, seq) WHERE status = 2 AND parked IS NULL;
CREATE INDEX live_parked ON live (parked, rank, seq) WHERE parked IS NOT NULL;
-- Tasks that are refused for too long, and the parked tasks of a queue.
CREATE INDEX live_parked_patience ON live (parked, patience_ms, refused_at)
WHERE parked IS NOT NULL;
CREATE INDEX live_parked_lane ON live (lane, rank) WHERE parked IS NOT NULL;
-- An older binary's statements name live_ready for all ready tasks.
UPDATE meta SET value = 10 WHERE key = 'oldest_binary';
