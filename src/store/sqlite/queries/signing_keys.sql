-- name: every
SELECT kid, sealed_jwk, created_at, signs_from, retired_at FROM signing_keys
ORDER BY signs_from, created_at, kid;

-- name: add
INSERT INTO signing_keys (kid, sealed_jwk, created_at, signs_from, retired_at)
VALUES (?1, ?2, ?3, ?4, ?5);

-- name: retire
UPDATE signing_keys SET retired_at = ?2 WHERE kid = ?1;

-- name: remove
DELETE FROM signing_keys WHERE kid = ?1;
