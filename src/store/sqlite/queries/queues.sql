-- name: find
SELECT q.no, t.id, q.name, q.created_at, q.paused, q.pause_reason, q.concurrency_limit,
       q.default_target, q.retry, q.timeout_ms, q.aging_ms
FROM queues AS q CROSS JOIN tenants AS t ON t.no = q.tenant
WHERE q.tenant = ?1 AND q.name = ?2;

-- name: of_tenant
SELECT q.no, t.id, q.name, q.created_at, q.paused, q.pause_reason, q.concurrency_limit,
       q.default_target, q.retry, q.timeout_ms, q.aging_ms
FROM tenants AS t CROSS JOIN queues AS q ON q.tenant = t.no
WHERE t.no = ?1 ORDER BY q.name;

-- The rows that run next. Rank is not age, so the oldest is looked for among the first few.
-- name: oldest_ready
SELECT min(next_at) FROM (SELECT next_at FROM live INDEXED BY live_ready
                          WHERE status = 2 AND parked IS NULL AND lane = ?1
                          ORDER BY rank, seq LIMIT ?2);

-- name: oldest_parked
SELECT min(next_at) FROM (SELECT next_at FROM live INDEXED BY live_parked_lane
                          WHERE parked IS NOT NULL AND lane = ?1 ORDER BY rank LIMIT ?2);

-- name: number_of
SELECT count(*) FROM queues WHERE tenant = ?1;

-- name: add
INSERT INTO queues (tenant, name, created_at, paused, pause_reason, concurrency_limit,
                    default_target, retry, timeout_ms, aging_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- name: change
UPDATE queues SET paused = ?3, pause_reason = ?4, concurrency_limit = ?5, default_target = ?6,
                  retry = ?7, timeout_ms = ?8, aging_ms = ?9
WHERE tenant = ?1 AND name = ?2;

-- name: aging
SELECT aging_ms FROM queues WHERE no = ?1;
