-- name: user_version
PRAGMA user_version

-- name: set_user_version
PRAGMA user_version = {}

-- name: application_id
PRAGMA application_id

-- name: set_application_id
PRAGMA application_id = 1112295001

-- name: schema_objects
SELECT count(*) FROM sqlite_schema

-- name: schema
SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
ORDER BY type DESC, name

-- What a server cannot run without, and small; the big tables are checked as they are read.
-- name: small_tables
SELECT name FROM sqlite_schema
WHERE type = 'table' AND name IN ('meta', 'tenants', 'queues', 'api_keys', 'signing_keys',
                                  'endpoints', 'totals', 'revoked_tokens')
-- name: check_table
PRAGMA quick_check('{}')

-- name: check_everything
PRAGMA quick_check

-- With the indexes, against their tables.
-- name: check_whole_file
PRAGMA integrity_check(1)

-- name: meta
SELECT value FROM meta WHERE key = ?1

-- name: set_meta
INSERT INTO meta (key, value) VALUES (?1, ?2)
ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- The newest moment that a commit has seen, at most a second old, and the newest task's key, which
-- outlives the task.
-- name: put_newest
INSERT INTO meta (key, value) VALUES ('newest_time', ?1), ('newest_seq', ?2)
ON CONFLICT (key) DO UPDATE
SET value = CASE WHEN key = 'newest_seq' THEN max(value, excluded.value) ELSE excluded.value END

-- name: put_newest_seq
INSERT INTO meta (key, value) VALUES ('newest_seq', ?1)
ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)

-- name: newest_time
SELECT value FROM meta WHERE key = 'newest_time'

-- How far ids have run ahead of the clock, at most, since the store was made.
-- name: put_ids_ahead
INSERT INTO meta (key, value) VALUES ('ids_ahead', ?1)
ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)

-- These change rows that nobody has compared with their checksums before: one that fitted becomes 0
-- (none), one that did not becomes -1 and fits nothing. Then `sum_anew`, in the same transaction.
-- A start whose clock (?1) is ?2 behind: what was reckoned from the later time moves back with it.
-- A task's own times (scheduledFor, expiresAt) are those of the wall clock and stay.
-- name: move_waits_back
UPDATE live SET next_at = max(?1, next_at - ?2), started_at = ?1,
                checksum = CASE WHEN row_fits(checksum, seq, tenant, lane, status, rank, next_at,
                  expires_at, run, attempt, run_attempt, failures, lease_secret, lease_kind,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) THEN 0 ELSE -1
                  END
WHERE status IN (1, 3) AND started_at > ?1

-- name: move_ready_back
UPDATE live SET rank = rank - max(next_at - ?1, 0), next_at = min(next_at, ?1),
                refused_at = min(refused_at, ?1),
                checksum = CASE WHEN row_fits(checksum, seq, tenant, lane, status, rank, next_at,
                  expires_at, run, attempt, run_attempt, failures, lease_secret, lease_kind,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) THEN 0 ELSE -1
                  END
WHERE status = 2 AND (next_at > ?1 OR refused_at > ?1)

-- name: shorten_worker_leases
UPDATE live SET next_at = ?1 + ?2,
                checksum = CASE WHEN row_fits(checksum, seq, tenant, lane, status, rank, next_at,
                  expires_at, run, attempt, run_attempt, failures, lease_secret, lease_kind,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) THEN 0 ELSE -1
                  END
WHERE status = 3 AND lease_kind = ?3 AND next_at > ?1 + ?2

-- name: sum_anew
UPDATE live SET checksum = row_sum(seq, tenant, lane, status, rank, next_at, expires_at, run,
                  attempt, run_attempt, failures, lease_secret, lease_kind, started_at, worker,
                  parked, refused_at, patience_ms, resent_run)
WHERE checksum = 0

-- name: sum_leases_anew
UPDATE live SET checksum = row_sum(seq, tenant, lane, status, rank, next_at, expires_at, run,
                  attempt, run_attempt, failures, lease_secret, lease_kind, started_at, worker,
                  parked, refused_at, patience_ms, resent_run)
WHERE status = 3 AND checksum = 0

-- name: move_deliveries_back
UPDATE deliveries SET next_at = max(?1, next_at - ?2), due_since = min(due_since, ?1),
                      first_due = min(first_due, ?1)
WHERE state = 1 AND next_at > ?1
  AND (created_at > ?1 OR EXISTS (SELECT 1 FROM delivery_attempts AS a
                                  WHERE a.delivery = deliveries.no AND a.at > ?1))

-- name: keep_issuer
INSERT INTO meta (key, value) VALUES ('issuer', ?1) ON CONFLICT (key) DO NOTHING

-- name: end_push_leases
UPDATE live SET next_at = min(next_at, ?1),
                checksum = CASE WHEN row_fits(checksum, seq, tenant, lane, status, rank, next_at,
                  expires_at, run, attempt, run_attempt, failures, lease_secret, lease_kind,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) THEN 0 ELSE -1
                  END
WHERE status = 3 AND lease_kind = 0

-- name: totals
SELECT tenant, queue, status, n FROM totals

-- name: put_total
INSERT INTO totals (tenant, queue, status, n) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (tenant, queue, status) DO UPDATE SET n = excluded.n

-- name: newest_seq
SELECT max(seq) FROM (SELECT max(seq) AS seq FROM bodies
                      UNION ALL SELECT value FROM meta WHERE key = 'newest_seq')

-- name: series_point
SELECT counts, wait, run FROM series
WHERE step = ?1 AND tenant = ?2 AND at = ?3 AND queue = ?4 AND name = ?5

-- name: put_series_point
INSERT INTO series (step, tenant, at, queue, name, counts, wait, run)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (step, tenant, at, queue, name) DO UPDATE
SET counts = excluded.counts, wait = excluded.wait, run = excluded.run

-- name: series_names
SELECT DISTINCT name FROM series WHERE step = 1 AND tenant = ?1 AND at = ?2
