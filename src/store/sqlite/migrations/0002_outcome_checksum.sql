-- A CRC of what a run ended with, compared whenever the result is read. Rows of before have none.
ALTER TABLE outcomes ADD COLUMN checksum INTEGER;
