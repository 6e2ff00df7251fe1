-- One task whole. ?2 = 0 leaves payload and result unread: the untaken branch of a CASE touches no
-- overflow page. The error of an unfinished task is that of its run's newest failed attempt.
-- name: row
SELECT b.seq, b.id_low, b.lane, b.name, b.priority, b.max_attempts, b.scheduled_for, b.expires_at,
       b.options, coalesce(l.status, o.status), coalesce(l.run, o.run),
       coalesce(l.attempt, o.attempt), coalesce(l.run_attempt, o.run_attempt),
       coalesce(l.failures, o.failures), l.next_at, coalesce(l.started_at, o.started_at),
       o.finished_at, coalesce(l.worker, o.worker),
       CASE WHEN l.seq IS NULL THEN o.error
            ELSE (SELECT a.error FROM attempts AS a
                  WHERE a.seq = b.seq AND a.run = l.run AND a.error <> ''
                  ORDER BY a.number DESC LIMIT 1) END,
       p.seq, p.percent, p.text, p.at,
       b.checksum, CASE WHEN ?2 THEN b.payload END, CASE WHEN ?2 THEN o.result END,
       CASE WHEN ?2 THEN o.checksum END, coalesce(m.at, b.seq >> 12), l.parked,
       row_fits(b.checksum >> 32, b.seq, b.id_low, b.tenant, b.lane, b.priority, b.max_attempts,
         b.scheduled_for, b.expires_at, m.at, b.name, b.options) AND row_fits(l.checksum, l.seq,
         l.tenant, l.lane, l.status, l.rank, l.next_at, l.expires_at, l.run, l.attempt,
         l.run_attempt, l.failures, l.lease_secret, l.lease_kind, l.started_at, l.worker,
         l.parked, l.refused_at, l.patience_ms, l.resent_run) AND row_fits(o.http_status >> 32,
         o.seq, o.tenant, o.status, o.finished_at, o.started_at, o.run, o.attempt, o.run_attempt,
         o.failures, o.lease_secret, o.http_status & 0xffffffff, o.worker, o.error)
FROM bodies AS b
LEFT JOIN live AS l ON l.seq = b.seq
LEFT JOIN outcomes AS o ON o.seq = b.seq
LEFT JOIN progress AS p ON p.seq = b.seq
LEFT JOIN submitted AS m ON m.seq = b.seq
WHERE b.seq = ?1;

-- Does the id name a task of this tenant?
-- name: owned
SELECT 1 FROM bodies WHERE seq = ?1 AND id_low = ?2 AND tenant = ?3;

-- name: id_low_of
SELECT id_low FROM bodies WHERE seq = ?1;

-- name: attempts
SELECT number, run, started_at, finished_at, outcome, error, http_status, worker
FROM attempts WHERE seq = ?1 ORDER BY number;

-- The attempt that runs.
-- name: running_attempt
SELECT l.attempt, l.run, l.started_at, l.worker,
       row_fits(l.checksum, l.seq, l.tenant, l.lane, l.status, l.rank, l.next_at, l.expires_at,
         l.run, l.attempt, l.run_attempt, l.failures, l.lease_secret, l.lease_kind, l.started_at,
         l.worker, l.parked, l.refused_at, l.patience_ms, l.resent_run)
FROM live AS l WHERE l.seq = ?1 AND l.status = 3;

-- The attempt that ended the task, which has no row of its own.
-- name: last_attempt
SELECT o.attempt, o.run, o.started_at, o.finished_at, o.status, o.error,
       o.http_status & 0xffffffff, o.worker,
       row_fits(o.http_status >> 32, o.seq, o.tenant, o.status, o.finished_at, o.started_at,
         o.run, o.attempt, o.run_attempt, o.failures, o.lease_secret, o.http_status & 0xffffffff,
         o.worker, o.error)
FROM outcomes AS o WHERE o.seq = ?1 AND o.attempt > 0 AND o.started_at IS NOT NULL;

-- name: log_lines
SELECT at, line FROM log_lines WHERE seq = ?1 ORDER BY n LIMIT ?2;

-- name: upcoming
SELECT seq FROM live INDEXED BY live_upcoming
WHERE tenant = ?1 AND status = 1 ORDER BY next_at LIMIT ?2;

-- name: failures
SELECT o.seq, b.id_low, b.name, substr(o.error, 1, ?4), o.finished_at,
       row_fits(b.checksum >> 32, b.seq, b.id_low, b.tenant, b.lane, b.priority, b.max_attempts,
         b.scheduled_for, b.expires_at, m.at, b.name, b.options) AND row_fits(o.http_status >> 32,
         o.seq, o.tenant, o.status, o.finished_at, o.started_at, o.run, o.attempt, o.run_attempt,
         o.failures, o.lease_secret, o.http_status & 0xffffffff, o.worker, o.error)
FROM outcomes AS o INDEXED BY outcomes_failed_at
CROSS JOIN bodies AS b ON b.seq = o.seq LEFT JOIN submitted AS m ON m.seq = o.seq
WHERE o.tenant = ?1 AND o.status = 5 AND o.finished_at >= ?2
ORDER BY o.finished_at DESC LIMIT ?3;

-- Where a ready task stands, and what stands before it in a lane.
-- name: place
SELECT lane, rank FROM live WHERE seq = ?1 AND status = 2 AND parked IS NULL;

-- name: ahead
SELECT count(*) FROM (SELECT 1 FROM live INDEXED BY live_ready
                      WHERE status = 2 AND parked IS NULL AND lane = ?1
                        AND (rank, seq) < (?2, ?3) LIMIT ?4);

-- name: lost
SELECT seq, attempt, lease_secret FROM live INDEXED BY live_leases
WHERE status = 3 AND next_at <= ?1 ORDER BY next_at LIMIT ?2;

-- name: overdue
SELECT seq FROM live INDEXED BY live_expiring
WHERE expires_at IS NOT NULL AND status < 3 AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2;

-- name: next_lease_end
SELECT next_at FROM live INDEXED BY live_leases WHERE status = 3 ORDER BY next_at LIMIT 1;

-- name: next_expiry
SELECT expires_at FROM live INDEXED BY live_expiring
WHERE expires_at IS NOT NULL AND status < 3 ORDER BY expires_at LIMIT 1;

-- A loose scan: one seek a lane, however many tasks wait in it.
-- name: ready_lanes
WITH RECURSIVE lanes (lane) AS (
  SELECT (SELECT lane FROM live INDEXED BY live_ready
          WHERE status = 2 AND parked IS NULL ORDER BY lane LIMIT 1)
  UNION ALL
  SELECT (SELECT n.lane FROM live AS n INDEXED BY live_ready
          WHERE n.status = 2 AND n.parked IS NULL AND n.lane > lanes.lane
          ORDER BY n.lane LIMIT 1)
  FROM lanes WHERE lanes.lane IS NOT NULL
)
SELECT lane FROM lanes WHERE lane IS NOT NULL;
