-- When a task was submitted, where its id does not say so: ids never go back, so they run ahead of a
-- clock that was set back before a start. (Not a column of `bodies`: it would lie behind the payload,
-- so that reading it would walk the payload's overflow pages.)
CREATE TABLE submitted (
  seq INTEGER PRIMARY KEY,
  at  INTEGER NOT NULL
);
