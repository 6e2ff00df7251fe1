-- name: find
SELECT id, name, created_at, running_max, weight, unfinished_max, suspended_at, suspend_reason,
       sealed_secret, sealed_previous, previous_until
FROM tenants WHERE id = ?1;

-- name: every
SELECT id, name, created_at, running_max, weight, unfinished_max, suspended_at, suspend_reason,
       sealed_secret, sealed_previous, previous_until
FROM tenants ORDER BY no;

-- name: add
INSERT INTO tenants (id, name, created_at, running_max, weight, unfinished_max, suspended_at,
                     suspend_reason, sealed_secret, sealed_previous, previous_until)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: set_limits
UPDATE tenants SET running_max = ?2, weight = ?3, unfinished_max = ?4 WHERE id = ?1;

-- name: set_suspended
UPDATE tenants SET suspended_at = ?2, suspend_reason = ?3 WHERE id = ?1;

-- name: set_secret
UPDATE tenants SET sealed_secret = ?2, sealed_previous = ?3, previous_until = ?4 WHERE id = ?1;
