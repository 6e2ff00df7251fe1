-- name: find
SELECT fingerprint, status, coalesce(body, ''), seq, id_low
FROM idempotency
WHERE tenant = ?1 AND key = ?2 AND created_at > ?3;

-- name: add
INSERT INTO idempotency (tenant, key, fingerprint, created_at, status, body)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (tenant, key) DO UPDATE SET fingerprint = excluded.fingerprint,
  created_at = excluded.created_at, seq = NULL, id_low = NULL, status = excluded.status, body = excluded.body;

-- name: prune_walk
SELECT tenant, key FROM idempotency INDEXED BY idempotency_by_age
WHERE created_at < ?1 ORDER BY created_at LIMIT ?2;

-- name: remove
DELETE FROM idempotency WHERE tenant = ?1 AND key = ?2;
