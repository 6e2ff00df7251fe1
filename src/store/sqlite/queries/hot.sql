-- What the writer keeps of tenants, endpoints and queues.
-- name: tenant
SELECT no, running_max, unfinished_max, suspended_at IS NOT NULL, used_at IS NOT NULL,
       stored_max
FROM tenants WHERE id = ?1;

-- name: mark_used
UPDATE tenants SET used_at = ?2 WHERE no = ?1 AND used_at IS NULL;

-- name: tenant_endpoints
SELECT no, events FROM endpoints WHERE tenant = ?1 AND enabled AND removed_at IS NULL ORDER BY no;

-- name: queue_by_name
SELECT no FROM queues WHERE tenant = ?1 AND name = ?2;

-- name: queue
SELECT q.tenant, t.id, q.name, q.paused, q.concurrency_limit, q.aging_ms
FROM queues AS q JOIN tenants AS t ON t.no = q.tenant WHERE q.no = ?1;

-- name: count_queues
SELECT count(*) FROM queues WHERE tenant = ?1;

-- name: add_queue
INSERT INTO queues (tenant, name, created_at, aging_ms) VALUES (?1, ?2, ?3, ?4);

-- name: idempotency
SELECT fingerprint, created_at, status, seq, id_low,
       100 + length(CAST(key AS BLOB)) + length(fingerprint)
       + coalesce(length(CAST(body AS BLOB)), 0)
FROM idempotency
WHERE tenant = ?1 AND key = ?2;

-- name: remember_key
INSERT INTO idempotency (tenant, key, fingerprint, created_at, seq, id_low, status)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (tenant, key) DO UPDATE
SET fingerprint = excluded.fingerprint, created_at = excluded.created_at, seq = excluded.seq,
    id_low = excluded.id_low, status = excluded.status, body = NULL;

-- name: body_exists
SELECT 1 FROM bodies WHERE seq = ?1;

-- The lower half of the checksum covers the texts, the upper one all columns but the payload.
-- name: add_body
INSERT INTO bodies (seq, id_low, tenant, lane, name, priority, max_attempts, scheduled_for,
                    expires_at, checksum, options, payload)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT DO NOTHING;

-- name: add_submitted
INSERT INTO submitted (seq, at) VALUES (?1, ?2);

-- name: add_live
INSERT INTO live (seq, tenant, lane, status, rank, next_at, expires_at, checksum)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);

-- The next candidates of a lane: from the index alone.
-- name: ready
SELECT rank, seq, expires_at FROM live INDEXED BY live_ready
WHERE lane = ?1 AND status = 2 AND parked IS NULL AND (rank, seq) > (?2, ?3) ORDER BY rank, seq LIMIT ?4;

-- name: candidate
SELECT l.run, l.attempt, l.run_attempt, l.failures, l.next_at, l.expires_at,
       b.id_low, b.name, b.priority, b.max_attempts, b.scheduled_for, b.checksum, b.options,
       b.payload, coalesce(m.at, b.seq >> 12), l.checksum, l.started_at, l.worker, l.refused_at,
       l.patience_ms, l.resent_run, b.expires_at
FROM live AS l CROSS JOIN bodies AS b ON b.seq = l.seq LEFT JOIN submitted AS m ON m.seq = l.seq
WHERE l.seq = ?1;

-- name: lease
UPDATE live SET status = 3, attempt = attempt + 1, run_attempt = run_attempt + 1,
                lease_secret = ?2, lease_kind = ?3, next_at = ?4, started_at = ?5, worker = ?6,
                checksum = ?7
WHERE seq = ?1 AND status = 2;

-- name: find
SELECT b.id_low, b.tenant, b.lane, b.name, b.priority, l.status, l.attempt, l.lease_secret,
       l.next_at, l.expires_at, l.run, l.run_attempt, l.failures, l.started_at, l.worker,
       row_fits(b.checksum >> 32, b.seq, b.id_low, b.tenant, b.lane, b.priority, b.max_attempts,
         b.scheduled_for, b.expires_at, m.at, b.name, b.options) AND row_fits(l.checksum, l.seq,
         l.tenant, l.lane, l.status, l.rank, l.next_at, l.expires_at, l.run, l.attempt,
         l.run_attempt, l.failures, l.lease_secret, l.lease_kind, l.started_at, l.worker,
         l.parked, l.refused_at, l.patience_ms, l.resent_run)
FROM bodies AS b LEFT JOIN live AS l ON l.seq = b.seq LEFT JOIN submitted AS m ON m.seq = b.seq
WHERE b.seq = ?1;

-- The token is compared here, where it counts. A checksum that did not fit does not fit later: -1.
-- name: end_attempt
DELETE FROM live
WHERE seq = ?1 AND tenant = ?2 AND status = 3 AND attempt = ?3 AND lease_secret = ?4;

-- name: put_back
UPDATE live SET status = ?5, next_at = ?6, rank = coalesce(?7, rank), failures = ?8,
                run_attempt = ?9, attempt = attempt - ?10, lease_secret = NULL, lease_kind = NULL,
                refused_at = NULL, patience_ms = NULL,
                checksum = CASE WHEN row_fits(checksum, seq, tenant, lane, status, rank, next_at,
                  expires_at, run, attempt, run_attempt, failures, lease_secret, lease_kind,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) THEN
                  row_sum(seq, tenant, lane, ?5, coalesce(?7, rank), ?6, expires_at, run, attempt
                  - ?10, ?9, ?8, NULL, NULL, started_at, worker, parked, NULL, NULL, resent_run)
                  ELSE -1 END
WHERE seq = ?1 AND tenant = ?2 AND status = 3 AND attempt = ?3 AND lease_secret = ?4;

-- A refusal goes on from the first one of the present outage.
-- name: park
UPDATE live SET status = 2, next_at = ?5, parked = ?6, refused_at = earlier.refused_at,
                patience_ms = ?9, attempt = ?3 - 1, run_attempt = run_attempt - 1,
                started_at = earlier.started_at, lease_secret = NULL, lease_kind = NULL,
                checksum = CASE WHEN row_fits(live.checksum, live.seq, live.tenant, live.lane,
                  live.status, live.rank, live.next_at, live.expires_at, live.run, live.attempt,
                  live.run_attempt, live.failures, live.lease_secret, live.lease_kind,
                  live.started_at, live.worker, live.parked, live.refused_at, live.patience_ms,
                  live.resent_run) THEN row_sum(seq, tenant, lane, 2, rank, ?5, expires_at, run,
                  ?3 - 1, run_attempt - 1, failures, NULL, NULL, earlier.started_at, worker, ?6,
                  earlier.refused_at, ?9, resent_run) ELSE -1 END
FROM (SELECT CASE WHEN ?7 IS NULL THEN NULL
                  WHEN l.refused_at >= ?7 THEN l.refused_at ELSE ?8 END AS refused_at,
             (SELECT a.started_at FROM attempts AS a
              WHERE a.seq = ?1 AND a.number = ?3 - 1) AS started_at
      FROM live AS l WHERE l.seq = ?1) AS earlier
WHERE seq = ?1 AND tenant = ?2 AND status = 3 AND attempt = ?3 AND lease_secret = ?4;

-- name: send_again
UPDATE live SET attempt = attempt + 1, lease_secret = ?5, next_at = ?6, started_at = ?7,
                resent_run = run,
                checksum = CASE WHEN row_fits(checksum, seq, tenant, lane, status, rank, next_at,
                  expires_at, run, attempt, run_attempt, failures, lease_secret, lease_kind,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) THEN
                  row_sum(seq, tenant, lane, status, rank, ?6, expires_at, run, attempt + 1,
                  run_attempt, failures, ?5, lease_kind, ?7, worker, parked, refused_at,
                  patience_ms, run) ELSE -1 END
WHERE seq = ?1 AND tenant = ?2 AND status = 3 AND attempt = ?3 AND lease_secret = ?4
  AND (resent_run IS NULL OR resent_run <> run);

-- name: remove_parked
DELETE FROM live WHERE seq = ?1 AND tenant = ?2 AND status = 2 AND parked IS NOT NULL;

-- name: renew
UPDATE live SET next_at = ?5, lease_kind = CASE WHEN ?6 THEN 1 ELSE lease_kind END,
                checksum = CASE WHEN row_fits(checksum, seq, tenant, lane, status, rank, next_at,
                  expires_at, run, attempt, run_attempt, failures, lease_secret, lease_kind,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) THEN
                  row_sum(seq, tenant, lane, status, rank, ?5, expires_at, run, attempt,
                  run_attempt, failures, lease_secret, CASE WHEN ?6 THEN 1 ELSE lease_kind END,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) ELSE -1 END
WHERE seq = ?1 AND tenant = ?2 AND status = 3 AND attempt = ?3 AND lease_secret = ?4;

-- name: remove_unfinished
DELETE FROM live WHERE seq = ?1 AND tenant = ?2 AND status = ?3 AND attempt = ?4;

-- name: remove_damaged
DELETE FROM live WHERE seq = ?1;

-- (The upper half of http_status is a checksum of all columns but the result.)
-- name: add_outcome
INSERT INTO outcomes (seq, tenant, status, finished_at, started_at, run, attempt, run_attempt,
                      failures, lease_secret, http_status, worker, error, result, checksum)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15);

-- name: cancelled_attempt
SELECT 1 FROM outcomes WHERE seq = ?1 AND status = 6 AND attempt = ?2 AND lease_secret = ?3;

-- name: add_attempt
INSERT INTO attempts (seq, number, run, started_at, finished_at, outcome, http_status, error,
                      worker)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: remove_progress
DELETE FROM progress WHERE seq = ?1;

-- name: with_progress
SELECT seq FROM progress;

-- name: put_progress
INSERT INTO progress (seq, percent, text, at) VALUES (?1, ?2, coalesce(?3, ''), ?4)
ON CONFLICT (seq) DO UPDATE SET percent = coalesce(excluded.percent, percent),
                                text = coalesce(?3, text), at = excluded.at;

-- name: last_log_line
SELECT coalesce(max(n), 0) FROM log_lines WHERE seq = ?1;

-- name: add_log_line
INSERT INTO log_lines (seq, n, at, line) VALUES (?1, ?2, ?3, ?4);

-- name: due
SELECT l.seq, l.tenant, l.lane, l.next_at, l.attempt, b.id_low,
       row_fits(b.checksum >> 32, b.seq, b.id_low, b.tenant, b.lane, b.priority, b.max_attempts,
         b.scheduled_for, b.expires_at, m.at, b.name, b.options) AND row_fits(l.checksum, l.seq,
         l.tenant, l.lane, l.status, l.rank, l.next_at, l.expires_at, l.run, l.attempt,
         l.run_attempt, l.failures, l.lease_secret, l.lease_kind, l.started_at, l.worker,
         l.parked, l.refused_at, l.patience_ms, l.resent_run)
FROM live AS l INDEXED BY live_due CROSS JOIN bodies AS b ON b.seq = l.seq
     LEFT JOIN submitted AS m ON m.seq = l.seq
WHERE l.status = 1 AND l.next_at <= ?1 ORDER BY l.next_at LIMIT ?2;

-- name: due_turns
WITH RECURSIVE turns (tenant) AS (
  SELECT (SELECT tenant FROM live INDEXED BY live_upcoming
          WHERE status = 1 ORDER BY tenant LIMIT 1)
  UNION ALL
  SELECT (SELECT l.tenant FROM live AS l INDEXED BY live_upcoming
          WHERE l.status = 1 AND l.tenant > turns.tenant ORDER BY l.tenant LIMIT 1)
  FROM turns WHERE turns.tenant IS NOT NULL
)
SELECT (SELECT l.next_at FROM live AS l INDEXED BY live_upcoming
        WHERE l.status = 1 AND l.tenant = turns.tenant ORDER BY l.next_at LIMIT 1) AS oldest, tenant
FROM turns WHERE tenant IS NOT NULL AND oldest <= ?1;

-- name: due_of_tenant
SELECT l.seq, l.tenant, l.lane, l.next_at, l.attempt, b.id_low,
       row_fits(b.checksum >> 32, b.seq, b.id_low, b.tenant, b.lane, b.priority, b.max_attempts,
         b.scheduled_for, b.expires_at, m.at, b.name, b.options) AND row_fits(l.checksum, l.seq,
         l.tenant, l.lane, l.status, l.rank, l.next_at, l.expires_at, l.run, l.attempt,
         l.run_attempt, l.failures, l.lease_secret, l.lease_kind, l.started_at, l.worker,
         l.parked, l.refused_at, l.patience_ms, l.resent_run)
FROM live AS l INDEXED BY live_upcoming CROSS JOIN bodies AS b ON b.seq = l.seq
     LEFT JOIN submitted AS m ON m.seq = l.seq
WHERE l.status = 1 AND l.tenant = ?1 AND l.next_at <= ?2 ORDER BY l.next_at LIMIT ?3;

-- name: make_ready
UPDATE live SET status = 2,
                checksum = row_sum(seq, tenant, lane, 2, rank, next_at, expires_at, run, attempt,
                  run_attempt, failures, lease_secret, lease_kind, started_at, worker, parked,
                  refused_at, patience_ms, resent_run)
WHERE seq = ?1 AND status = 1;

-- One that is damaged is not looked at again for a while; -1 fits no row.
-- name: put_aside
UPDATE live SET next_at = ?2, checksum = -1 WHERE seq = ?1 AND status = 1;

-- name: next_due
SELECT next_at FROM live INDEXED BY live_due WHERE status = 1 ORDER BY next_at LIMIT 1;

-- name: last_delivery
SELECT max(sequence), max(state < 2) FROM deliveries INDEXED BY deliveries_by_task
WHERE seq = ?1 AND endpoint = ?2;

-- name: add_delivery
INSERT INTO deliveries (id, tenant, seq, task_low, endpoint, url, type, sequence, body, state,
                        created_at, next_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);
