-- name: by_hash
SELECT k.id, t.id, k.name, k.prefix, k.hash, k.scopes, k.created_at, k.expires_at, k.revoked_at,
       k.last_used_at
FROM api_keys AS k CROSS JOIN tenants AS t ON t.no = k.tenant WHERE k.hash = ?1;

-- name: of_tenant
SELECT k.id, t.id, k.name, k.prefix, k.hash, k.scopes, k.created_at, k.expires_at, k.revoked_at,
       k.last_used_at
FROM api_keys AS k CROSS JOIN tenants AS t ON t.no = k.tenant
WHERE k.tenant = ?1 ORDER BY k.created_at DESC, k.id DESC;

-- name: live_of_tenant
SELECT count(*) FROM api_keys
WHERE tenant = ?1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?2);

-- name: add
INSERT INTO api_keys (id, tenant, name, prefix, hash, scopes, created_at, expires_at, revoked_at,
                      last_used_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);

-- name: owned
SELECT 1 FROM api_keys WHERE id = ?1 AND tenant = ?2;

-- The first revocation stands.
-- name: revoke
UPDATE api_keys SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL;

-- name: touch
UPDATE api_keys SET last_used_at = ?2
WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2);

-- name: revoked_since
SELECT id, revoked_at FROM api_keys INDEXED BY api_keys_revoked
WHERE revoked_at IS NOT NULL AND revoked_at >= ?1 ORDER BY revoked_at;

-- name: prune
DELETE FROM api_keys WHERE id IN (SELECT id FROM api_keys INDEXED BY api_keys_revoked
                                  WHERE revoked_at IS NOT NULL AND revoked_at < ?1
                                  ORDER BY revoked_at LIMIT ?2);

-- name: revoked_tokens
SELECT jti, expires_at FROM revoked_tokens WHERE expires_at > ?1;

-- name: revoke_token
INSERT INTO revoked_tokens (jti, expires_at) VALUES (?1, ?2)
ON CONFLICT (jti) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at);

-- name: forget_expired_tokens
DELETE FROM revoked_tokens WHERE expires_at <= ?1;
