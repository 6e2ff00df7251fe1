-- The file that a backup is written to: what makes it whole is its last flush, not a journal.
-- name: for_copy
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA temp_store = MEMORY;

-- name: tables
SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name

-- name: count_rows
SELECT count(*) FROM "{}"

-- How many tasks the running totals count, and how many there are.
-- name: tasks_counted
SELECT coalesce(sum(n), 0), (SELECT count(*) FROM live) + (SELECT count(*) FROM outcomes) FROM totals

-- A restored store: whoever held a lease when the copy was made holds it no more. (checksum: see
-- upkeep.sql.)
-- name: void_leases
UPDATE live SET lease_secret = random(), next_at = min(next_at, ?1),
                checksum = CASE WHEN row_fits(checksum, seq, tenant, lane, status, rank, next_at,
                  expires_at, run, attempt, run_attempt, failures, lease_secret, lease_kind,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) THEN 0 ELSE -1
                  END
WHERE status = 3

-- And no token that was signed before is taken; the next start makes a new key.
-- name: forget_signing_keys
DELETE FROM signing_keys
