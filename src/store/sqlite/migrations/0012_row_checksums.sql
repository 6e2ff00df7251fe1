-- A checksum over all columns of an unfinished task's row, compared whenever the row is read. A row
-- of before has none (NULL) until it is written the next time. Those of bodies stand in the upper
-- half of `checksum`, those of outcomes in the upper half of `http_status`, which is 0 in rows of
-- before: they keep what the checksum of their texts covers.
ALTER TABLE live ADD COLUMN checksum INTEGER;
-- An older binary would change rows and not their checksums.
UPDATE meta SET value = 12 WHERE key = 'oldest_binary';
