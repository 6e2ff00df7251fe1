-- SQLite builds a temporary table of a list of more than two values for each row that it checks. A
-- range says the same. The rows stay as they are, so the constraint's text is replaced in the way
-- that SQLite documents for this (lang_altertable, "Making Other Kinds Of Table Schema Changes").
PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = replace(sql, 'status IN (0, 1, 2, 3)', 'status BETWEEN 0 AND 3')
WHERE type = 'table' AND name = 'live';
PRAGMA writable_schema = RESET;
-- Changes the schema's version, so that every connection reads it again.
CREATE TABLE schema_changed (no INTEGER);
DROP TABLE schema_changed;
