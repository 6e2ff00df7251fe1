-- name: no_of
SELECT no FROM destinations WHERE tenant = ?1 AND origin = ?2 AND handler = ?3;

-- name: add
INSERT INTO destinations (tenant, origin, handler) VALUES (?1, ?2, ?3);

-- name: name_of
SELECT t.id, d.origin, d.handler
FROM destinations AS d CROSS JOIN tenants AS t ON t.no = d.tenant WHERE d.no = ?1;

-- name: states
SELECT d.origin, d.handler, s.node, s.state, s.since, s.error, s.next_call
FROM destinations AS d CROSS JOIN destination_states AS s ON s.destination = d.no
WHERE d.tenant = ?1;

-- name: parked_at_origin
SELECT count(*) FROM (SELECT 1 FROM destinations AS d
                      CROSS JOIN live AS l INDEXED BY live_parked ON l.parked = d.no
                      WHERE d.tenant = ?1 AND d.origin = ?2 LIMIT ?3);

-- name: parked_at_handler
SELECT count(*) FROM (SELECT 1 FROM destinations AS d
                      CROSS JOIN live AS l INDEXED BY live_parked ON l.parked = d.no
                      WHERE d.tenant = ?1 AND d.origin = ?2 AND d.handler = ?4 LIMIT ?3);

-- name: put_state
INSERT INTO destination_states (destination, node, state, since, error, next_call)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (destination, node) DO UPDATE
SET state = excluded.state, since = excluded.since, error = excluded.error,
    next_call = excluded.next_call;

-- name: remove_state
DELETE FROM destination_states WHERE destination = ?1 AND node = ?2;

-- A loose scan: a few seeks per destination, however many tasks wait for it.
-- name: parked
WITH RECURSIVE named (no) AS (
  SELECT (SELECT parked FROM live INDEXED BY live_parked
          WHERE parked IS NOT NULL ORDER BY parked LIMIT 1)
  UNION ALL
  SELECT (SELECT n.parked FROM live AS n INDEXED BY live_parked
          WHERE n.parked > named.no ORDER BY n.parked LIMIT 1)
  FROM named WHERE named.no IS NOT NULL
)
SELECT no, (SELECT count(*) FROM (SELECT 1 FROM live INDEXED BY live_parked
                                  WHERE parked = named.no LIMIT ?1))
FROM named WHERE no IS NOT NULL;

-- name: best_parked
SELECT l.rank, l.seq, b.id_low
FROM live AS l INDEXED BY live_parked CROSS JOIN bodies AS b ON b.seq = l.seq
WHERE l.parked = ?1 ORDER BY l.rank, l.seq LIMIT 1;

-- Rank is not age, so the oldest is looked for among the first few.
-- name: oldest_parked
SELECT min(next_at) FROM (SELECT next_at FROM live INDEXED BY live_parked
                          WHERE parked = ?1 ORDER BY rank, seq LIMIT ?2);

-- ?2 the destination's opening, ?3 now, ?5 the beginning of the latest probe that failed. Patience
-- begins with the first refusal, and anew with an opening that came after it.
-- name: impatient
SELECT seq FROM live INDEXED BY live_parked_patience
WHERE parked = ?1 AND patience_ms <= ?3 - ?2
  AND coalesce(refused_at, 0) + patience_ms <= ?3 AND coalesce(refused_at, 0) < ?5
ORDER BY patience_ms LIMIT ?4;

-- name: next_parked
SELECT l.rank, l.seq, b.id_low, l.lane
FROM live AS l INDEXED BY live_parked CROSS JOIN bodies AS b ON b.seq = l.seq
WHERE l.parked = ?1 AND (l.rank, l.seq) > (?2, ?3) ORDER BY l.rank, l.seq LIMIT ?4;

-- name: unpark
UPDATE live SET parked = NULL,
                checksum = CASE WHEN row_fits(checksum, seq, tenant, lane, status, rank, next_at,
                  expires_at, run, attempt, run_attempt, failures, lease_secret, lease_kind,
                  started_at, worker, parked, refused_at, patience_ms, resent_run) THEN
                  row_sum(seq, tenant, lane, status, rank, next_at, expires_at, run, attempt,
                  run_attempt, failures, lease_secret, lease_kind, started_at, worker, NULL,
                  refused_at, patience_ms, resent_run) ELSE -1 END
WHERE seq = ?1;

-- name: forget_other_states
DELETE FROM destination_states WHERE node <> ?1;

-- name: forget_unused
DELETE FROM destinations
WHERE NOT EXISTS (SELECT 1 FROM live INDEXED BY live_parked WHERE live.parked = destinations.no)
  AND NOT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_set_aside
                  WHERE deliveries.state = 1 AND deliveries.set_aside = destinations.no)
  AND NOT EXISTS (SELECT 1 FROM destination_states WHERE destination = destinations.no);
