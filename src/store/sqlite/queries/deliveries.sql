-- name: row
SELECT d.id, d.tenant, d.seq, d.task_low, e.id, d.url, d.type, d.sequence, d.body, d.state, d.attempts,
       d.attempts_total, d.created_at, d.next_at, d.finished_at,
       d.first_due
FROM deliveries AS d
LEFT JOIN endpoints AS e ON e.no = d.endpoint
WHERE d.no = ?1;

-- name: no_of
SELECT no FROM deliveries WHERE id = ?1 AND tenant = ?2;

-- name: position_all_tenants
SELECT no, seq, endpoint, state, task_low, tenant FROM deliveries WHERE id = ?1;

-- Every endpoint number that the tenant's deliveries name (0: callbacks; removed ones too): a
-- loose scan, one seek each.
-- name: endpoints_named
WITH RECURSIVE named (endpoint) AS (
  SELECT (SELECT endpoint FROM deliveries INDEXED BY deliveries_by_endpoint
          WHERE tenant = ?1 ORDER BY endpoint LIMIT 1)
  UNION ALL
  SELECT (SELECT d.endpoint FROM deliveries AS d INDEXED BY deliveries_by_endpoint
          WHERE d.tenant = ?1 AND d.endpoint > named.endpoint ORDER BY d.endpoint LIMIT 1)
  FROM named WHERE named.endpoint IS NOT NULL
)
SELECT endpoint FROM named WHERE endpoint IS NOT NULL;

-- name: of_endpoint
SELECT no FROM deliveries INDEXED BY deliveries_by_endpoint
WHERE tenant = ?1 AND endpoint = ?2 AND no < ?3 ORDER BY no DESC LIMIT ?4;

-- name: exhausted_of_endpoint
SELECT no FROM deliveries INDEXED BY deliveries_exhausted
WHERE state = 3 AND tenant = ?1 AND endpoint = ?2 AND no < ?3 ORDER BY no DESC LIMIT ?4;

-- name: open_of_endpoint
SELECT no FROM deliveries INDEXED BY deliveries_open
WHERE state < 2 AND state = ?5 AND tenant = ?1 AND endpoint = ?2 AND no < ?3
ORDER BY no DESC LIMIT ?4;

-- Most deliveries end so, so the walk is short.
-- name: delivered_of_endpoint
SELECT no FROM deliveries INDEXED BY deliveries_by_endpoint
WHERE state = 2 AND tenant = ?1 AND endpoint = ?2 AND no < ?3 ORDER BY no DESC LIMIT ?4;

-- name: of_task
SELECT no, endpoint, state FROM deliveries INDEXED BY deliveries_by_task
WHERE seq = ?1 AND task_low = ?2 AND tenant = ?3 AND no < ?4 ORDER BY no DESC;

-- name: attempts
SELECT number, at, duration_ms, http_status, failure, answer
FROM delivery_attempts WHERE delivery = ?1 ORDER BY number;

-- name: due
SELECT no, id FROM deliveries INDEXED BY deliveries_due
WHERE state = 1 AND next_at <= ?1 ORDER BY next_at, no LIMIT ?2;

-- The tenants with deliveries that are due, and when their oldest was: a loose scan, two seeks each.
-- name: due_turns
WITH RECURSIVE turns (tenant) AS (
  SELECT (SELECT tenant FROM deliveries INDEXED BY deliveries_turns
          WHERE state = 1 ORDER BY tenant LIMIT 1)
  UNION ALL
  SELECT (SELECT d.tenant FROM deliveries AS d INDEXED BY deliveries_turns
          WHERE d.state = 1 AND d.tenant > turns.tenant ORDER BY d.tenant LIMIT 1)
  FROM turns WHERE turns.tenant IS NOT NULL
)
SELECT (SELECT d.next_at FROM deliveries AS d INDEXED BY deliveries_turns
        WHERE d.state = 1 AND d.tenant = turns.tenant ORDER BY d.next_at LIMIT 1) AS oldest, tenant
FROM turns WHERE tenant IS NOT NULL AND oldest <= ?1;

-- name: due_of_tenant
SELECT no, id FROM deliveries INDEXED BY deliveries_turns
WHERE state = 1 AND tenant = ?1 AND next_at <= ?2 ORDER BY next_at, no LIMIT ?3;

-- name: put_off_longest
SELECT due_since FROM deliveries INDEXED BY deliveries_put_off
WHERE state = 1 AND due_since IS NOT NULL ORDER BY due_since LIMIT 1;

-- name: next_due
SELECT next_at FROM deliveries INDEXED BY deliveries_due
WHERE state = 1 ORDER BY next_at LIMIT 1;

-- name: waiting
SELECT count(*) FROM deliveries INDEXED BY deliveries_due WHERE state = 1;

-- name: endpoint_no
SELECT no FROM endpoints WHERE id = ?1 AND tenant = ?2;

-- name: add
INSERT INTO deliveries (id, tenant, seq, task_low, endpoint, url, type, sequence, body, state,
                        created_at, next_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: add_attempt
INSERT INTO delivery_attempts (delivery, number, at, duration_ms, http_status, failure, answer)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT DO NOTHING;

-- name: count_attempt
UPDATE deliveries SET attempts = attempts + 1, attempts_total = max(attempts_total + 1, ?2)
WHERE no = ?1;

-- name: set_state
UPDATE deliveries SET state = ?2, next_at = ?3, finished_at = ?4, due_since = NULL,
                      set_aside = NULL
WHERE no = ?1;

-- name: postpone
UPDATE deliveries SET next_at = ?2, due_since = coalesce(due_since, next_at)
WHERE id = ?1 AND state = 1;

-- A round is first due when its first attempt was made, or else was to be made.
-- name: note_first_due
UPDATE deliveries
SET first_due = coalesce(CASE WHEN attempts > 0 THEN
                           (SELECT a.at FROM delivery_attempts AS a
                            WHERE a.delivery = deliveries.no
                              AND a.number = deliveries.attempts_total - deliveries.attempts + 1)
                         END, due_since, next_at)
WHERE id = ?1 AND state = 1 AND first_due IS NULL;

-- name: set_aside
UPDATE deliveries SET set_aside = ?2, next_at = first_due + ?3,
                      due_since = coalesce(due_since, next_at)
WHERE id = ?1 AND state = 1;

-- name: next_set_aside
SELECT no FROM deliveries INDEXED BY deliveries_set_aside
WHERE state = 1 AND set_aside = ?1 ORDER BY due_since, no LIMIT ?2;

-- name: call_back
UPDATE deliveries SET set_aside = NULL, next_at = due_since WHERE no = ?1 AND state = 1;

-- A loose scan: one seek per destination.
-- name: set_aside_for
WITH RECURSIVE named (no) AS (
  SELECT (SELECT set_aside FROM deliveries INDEXED BY deliveries_set_aside
          WHERE state = 1 AND set_aside IS NOT NULL ORDER BY set_aside LIMIT 1)
  UNION ALL
  SELECT (SELECT d.set_aside FROM deliveries AS d INDEXED BY deliveries_set_aside
          WHERE d.state = 1 AND d.set_aside > named.no ORDER BY d.set_aside LIMIT 1)
  FROM named WHERE named.no IS NOT NULL
)
SELECT no FROM named WHERE no IS NOT NULL;

-- name: release_next
UPDATE deliveries SET state = 1, next_at = ?3
WHERE no = (SELECT no FROM deliveries INDEXED BY deliveries_by_task
            WHERE seq = ?1 AND endpoint = ?2 AND state = 0 ORDER BY no LIMIT 1);

-- name: other_waiting
SELECT 1 FROM deliveries INDEXED BY deliveries_by_task
WHERE seq = ?1 AND endpoint = ?2 AND state = 1 LIMIT 1;

-- name: endpoint_enabled
SELECT enabled FROM endpoints WHERE no = ?1 AND removed_at IS NULL;

-- name: new_round
UPDATE deliveries SET state = ?2, attempts = 0, next_at = ?3, finished_at = NULL, due_since = NULL,
                      set_aside = NULL, first_due = NULL
WHERE no = ?1;

-- name: prune_walk
SELECT no, created_at, finished_at FROM deliveries WHERE no > ?1 ORDER BY no LIMIT ?2;

-- The one that the next sequence of its task and endpoint is counted from.
-- name: counts_on
SELECT 1 FROM deliveries AS d
WHERE d.no = ?1 AND EXISTS (SELECT 1 FROM bodies WHERE seq = d.seq)
  AND NOT EXISTS (SELECT 1 FROM deliveries AS later INDEXED BY deliveries_by_task
                  WHERE later.seq = d.seq AND later.endpoint = d.endpoint AND later.no > d.no);

-- name: remove_attempts
DELETE FROM delivery_attempts WHERE delivery = ?1;

-- name: remove
DELETE FROM deliveries WHERE no = ?1;
