-- A page of tasks is walked as one or several `arms`, newest first, each over the index that fits
-- what is asked for. C++ joins them, puts the filters (task_filters.sql) in place of "1 AS hit"
-- and, for tags, the options in place of the NULL. ?1 tenant, ?2 <= seq < ?3, ?4 rows looked at.
-- Joins that nothing refers to cost nothing: SQLite drops them.

-- name: every_task
SELECT b.seq, 1 AS hit, NULL AS options
FROM bodies AS b INDEXED BY bodies_by_tenant
LEFT JOIN live AS l ON l.seq = b.seq
LEFT JOIN outcomes AS o ON o.seq = b.seq
WHERE b.tenant = ?1 AND b.seq >= ?2 AND b.seq < ?3

-- name: unfinished
SELECT l.seq, 1 AS hit, NULL AS options
FROM live AS l INDEXED BY live_by_tenant
LEFT JOIN bodies AS b ON b.seq = l.seq
LEFT JOIN outcomes AS o ON o.seq = l.seq
WHERE l.tenant = ?1 AND l.seq >= ?2 AND l.seq < ?3

-- name: scheduled
SELECT l.seq, 1 AS hit, NULL AS options
FROM live AS l INDEXED BY live_scheduled
LEFT JOIN bodies AS b ON b.seq = l.seq
LEFT JOIN outcomes AS o ON o.seq = l.seq
WHERE l.status = 1 AND l.tenant = ?1 AND l.seq >= ?2 AND l.seq < ?3

-- Sorts the running tasks of the whole server: their number is bounded by the running limits, and
-- an index of their own would cost every claim two more writes.
-- name: running
SELECT l.seq, 1 AS hit, NULL AS options
FROM live AS l INDEXED BY live_leases
LEFT JOIN bodies AS b ON b.seq = l.seq
LEFT JOIN outcomes AS o ON o.seq = l.seq
WHERE l.status = 3 AND l.tenant = ?1 AND l.seq >= ?2 AND l.seq < ?3

-- For few pending tasks; sorts them.
-- name: pending
SELECT l.seq, 1 AS hit, NULL AS options
FROM queues AS q
CROSS JOIN live AS l INDEXED BY live_ready
LEFT JOIN bodies AS b ON b.seq = l.seq
LEFT JOIN outcomes AS o ON o.seq = l.seq
WHERE q.tenant = ?1 AND l.status = 2 AND l.parked IS NULL
  AND l.lane IN (q.no * 4, q.no * 4 + 1, q.no * 4 + 2) AND l.seq >= ?2 AND l.seq < ?3

-- name: parked
SELECT l.seq, 1 AS hit, NULL AS options
FROM queues AS q
CROSS JOIN live AS l INDEXED BY live_parked_lane
LEFT JOIN bodies AS b ON b.seq = l.seq
LEFT JOIN outcomes AS o ON o.seq = l.seq
WHERE q.tenant = ?1 AND l.status = 2 AND l.parked IS NOT NULL
  AND l.lane IN (q.no * 4, q.no * 4 + 1, q.no * 4 + 2) AND l.seq >= ?2 AND l.seq < ?3

-- name: failed
SELECT o.seq, 1 AS hit, NULL AS options
FROM outcomes AS o INDEXED BY outcomes_failed
LEFT JOIN bodies AS b ON b.seq = o.seq
LEFT JOIN live AS l ON l.seq = o.seq
WHERE o.status = 5 AND o.tenant = ?1 AND o.seq >= ?2 AND o.seq < ?3

-- name: cancelled
SELECT o.seq, 1 AS hit, NULL AS options
FROM outcomes AS o INDEXED BY outcomes_cancelled
LEFT JOIN bodies AS b ON b.seq = o.seq
LEFT JOIN live AS l ON l.seq = o.seq
WHERE o.status = 6 AND o.tenant = ?1 AND o.seq >= ?2 AND o.seq < ?3

-- name: expired
SELECT o.seq, 1 AS hit, NULL AS options
FROM outcomes AS o INDEXED BY outcomes_expired
LEFT JOIN bodies AS b ON b.seq = o.seq
LEFT JOIN live AS l ON l.seq = o.seq
WHERE o.status = 7 AND o.tenant = ?1 AND o.seq >= ?2 AND o.seq < ?3
