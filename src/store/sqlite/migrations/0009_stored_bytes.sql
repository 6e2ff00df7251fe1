-- What a tenant may keep, and what it keeps: its tasks, results, attempts, log lines, deliveries and
-- the answers to its idempotency keys, each with a flat share for its row (stored_bytes.hpp).
ALTER TABLE tenants ADD COLUMN stored_max INTEGER NOT NULL DEFAULT 10737418240;
CREATE TABLE stored (
  tenant INTEGER PRIMARY KEY,
  bytes  INTEGER NOT NULL
);
INSERT INTO stored (tenant, bytes)
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
