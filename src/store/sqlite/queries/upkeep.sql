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

-- name: meta
SELECT value FROM meta WHERE key = ?1

-- name: set_meta
INSERT INTO meta (key, value) VALUES (?1, ?2)
ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- The newest moment that a commit has seen, at most a second old, and the newest task's key, which
-- outlives the task.
-- name: put_newest
INSERT INTO meta (key, value) VALUES ('newest_time', ?1), ('newest_seq', ?2)
ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)

-- name: newest_time
SELECT value FROM meta WHERE key = 'newest_time'

-- name: end_push_leases
UPDATE live SET next_at = min(next_at, ?1) WHERE status = 3 AND lease_kind = 0

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
