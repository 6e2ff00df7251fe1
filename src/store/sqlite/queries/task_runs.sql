-- name: ended
SELECT o.status, o.run, o.attempt, b.lane, b.priority, b.expires_at,
       row_fits(b.checksum >> 32, b.seq, b.id_low, b.tenant, b.lane, b.priority, b.max_attempts,
         b.scheduled_for, b.expires_at, m.at, b.name, b.options) AND row_fits(o.http_status >> 32,
         o.seq, o.tenant, o.status, o.finished_at, o.started_at, o.run, o.attempt, o.run_attempt,
         o.failures, o.lease_secret, o.http_status & 0xffffffff, o.worker, o.error)
FROM bodies AS b CROSS JOIN outcomes AS o ON o.seq = b.seq
     LEFT JOIN submitted AS m ON m.seq = b.seq
WHERE b.seq = ?1 AND b.id_low = ?2 AND b.tenant = ?3;

-- The last attempt of the run that ended becomes a row; one that has a row already (the task was
-- cancelled or expired between attempts) stays as it is.
-- name: keep_last_attempt
INSERT INTO attempts (seq, number, run, started_at, finished_at, outcome, http_status, error, worker)
SELECT seq, attempt, run, started_at, finished_at,
       CASE status WHEN 4 THEN 'completed' WHEN 5 THEN 'failed' WHEN 6 THEN 'cancelled'
                   ELSE 'expired' END,
       http_status & 0xffffffff, coalesce(error, ''), worker
FROM outcomes WHERE seq = ?1 AND attempt > 0 AND started_at IS NOT NULL
ON CONFLICT DO NOTHING;

-- name: remove_outcome
DELETE FROM outcomes WHERE seq = ?1;

-- name: revive
INSERT INTO live (seq, tenant, lane, status, rank, next_at, expires_at, run, attempt, checksum)
VALUES (?1, ?2, ?3, 2, ?4, ?5, ?6, ?7, ?8,
        row_sum(?1, ?2, ?3, 2, ?4, ?5, ?6, ?7, ?8, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                NULL));

-- Pruning walks the outcomes in order of creation from where the last call stopped, up to the ids
-- (see id_bounds.hpp) of tasks that may have finished before the time that is asked for.
-- name: prune_walk
SELECT o.seq, o.finished_at, o.status, o.tenant, b.lane
FROM outcomes AS o CROSS JOIN bodies AS b ON b.seq = o.seq
WHERE o.seq > ?1 AND o.seq < ?2 ORDER BY o.seq LIMIT ?3;

-- name: remove_body
DELETE FROM bodies WHERE seq = ?1;

-- name: remove_submitted
DELETE FROM submitted WHERE seq = ?1;

-- name: remove_attempts
DELETE FROM attempts WHERE seq = ?1;

-- name: remove_progress
DELETE FROM progress WHERE seq = ?1;

-- name: remove_log_lines
DELETE FROM log_lines WHERE seq = ?1;

-- name: remove_delivery_attempts
DELETE FROM delivery_attempts
WHERE delivery IN (SELECT no FROM deliveries WHERE seq = ?1 AND state >= 2);

-- Those on their way stay until they are done; the pruning of deliveries takes them then.
-- name: remove_deliveries
DELETE FROM deliveries WHERE seq = ?1 AND state >= 2;

-- name: prune_series
DELETE FROM series WHERE step = ?1 AND tenant = ?2 AND at < ?3;

-- name: position
SELECT value FROM meta WHERE key = ?1;

-- name: set_position
INSERT INTO meta (key, value) VALUES (?1, ?2)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
