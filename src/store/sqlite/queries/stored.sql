-- name: every
SELECT tenant, bytes FROM stored;

-- name: put
INSERT INTO stored (tenant, bytes) VALUES (?1, ?2)
ON CONFLICT (tenant) DO UPDATE SET bytes = excluded.bytes;

-- name: of_tenant
SELECT bytes FROM stored WHERE tenant = ?1;

-- name: remove
DELETE FROM stored WHERE tenant = ?1;

-- What is removed with a task.
-- name: of_task
SELECT (SELECT 200 + length(CAST(name AS BLOB)) + length(options) + length(CAST(payload AS BLOB))
        FROM bodies WHERE seq = ?1)
     + (SELECT coalesce(length(CAST(error AS BLOB)), 0) + coalesce(length(CAST(result AS BLOB)), 0)
        FROM outcomes WHERE seq = ?1)
     + (SELECT coalesce(sum(100 + length(CAST(error AS BLOB))), 0) FROM attempts WHERE seq = ?1)
     + (SELECT coalesce(sum(100 + length(CAST(line AS BLOB))), 0) FROM log_lines WHERE seq = ?1)
     + (SELECT coalesce(sum(200 + length(CAST(url AS BLOB)) + length(CAST(body AS BLOB))), 0)
        FROM deliveries WHERE seq = ?1 AND state >= 2)
     + (SELECT coalesce(sum(100 + length(CAST(failure AS BLOB)) + length(CAST(answer AS BLOB))), 0)
        FROM delivery_attempts
        WHERE delivery IN (SELECT no FROM deliveries WHERE seq = ?1 AND state >= 2));

-- name: of_outcome
SELECT coalesce(length(CAST(error AS BLOB)), 0) + coalesce(length(CAST(result AS BLOB)), 0)
FROM outcomes WHERE seq = ?1;

-- name: of_last_attempt
SELECT 100 + length(CAST(error AS BLOB)) FROM attempts WHERE seq = ?1 ORDER BY number DESC LIMIT 1;

-- name: of_delivery
SELECT tenant, 200 + length(CAST(url AS BLOB)) + length(CAST(body AS BLOB))
     + (SELECT coalesce(sum(100 + length(CAST(failure AS BLOB)) + length(CAST(answer AS BLOB))), 0)
        FROM delivery_attempts WHERE delivery = ?1)
FROM deliveries WHERE no = ?1;

-- name: of_key
SELECT 100 + length(CAST(key AS BLOB)) + length(fingerprint) + coalesce(length(CAST(body AS BLOB)), 0)
FROM idempotency WHERE tenant = ?1 AND key = ?2;

-- What the rows come to; for tests.
-- name: recount
SELECT tenant, sum(bytes) FROM (
  SELECT tenant, 200 + length(CAST(name AS BLOB)) + length(options) + length(CAST(payload AS BLOB)) AS bytes
  FROM bodies
  UNION ALL
  SELECT tenant, coalesce(length(CAST(error AS BLOB)), 0) + coalesce(length(CAST(result AS BLOB)), 0)
  FROM outcomes
  UNION ALL
  SELECT (SELECT tenant FROM bodies WHERE bodies.seq = attempts.seq), 100 + length(CAST(error AS BLOB))
  FROM attempts
  UNION ALL
  SELECT (SELECT tenant FROM bodies WHERE bodies.seq = log_lines.seq), 100 + length(CAST(line AS BLOB))
  FROM log_lines
  UNION ALL
  SELECT tenant, 100 + length(CAST(key AS BLOB)) + length(fingerprint) + coalesce(length(CAST(body AS BLOB)), 0)
  FROM idempotency
  UNION ALL
  SELECT tenant, 200 + length(CAST(url AS BLOB)) + length(CAST(body AS BLOB))
  FROM deliveries
  UNION ALL
  SELECT (SELECT tenant FROM deliveries WHERE deliveries.no = delivery_attempts.delivery),
         100 + length(CAST(failure AS BLOB)) + length(CAST(answer AS BLOB))
  FROM delivery_attempts
) WHERE tenant IS NOT NULL GROUP BY tenant;
