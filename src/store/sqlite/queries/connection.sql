-- name: cache_kib
PRAGMA cache_size = -{};

-- name: for_writer
PRAGMA locking_mode = NORMAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;
PRAGMA foreign_keys = ON;
PRAGMA wal_autocheckpoint = 0;
PRAGMA journal_size_limit = 67108864;

-- name: for_reader
PRAGMA query_only = ON;
PRAGMA mmap_size = 0;
PRAGMA temp_store = MEMORY;

-- name: begin_write
BEGIN IMMEDIATE

-- name: begin_read
BEGIN

-- name: commit
COMMIT

-- name: roll_back
ROLLBACK

-- name: savepoint
SAVEPOINT job

-- name: release
RELEASE job

-- name: roll_back_to
ROLLBACK TO job
