-- name: find
SELECT id, name, created_at, running_max, weight, unfinished_max, suspended_at, suspend_reason,
       sealed_secret, sealed_previous, previous_until, removing_since,
       requests_per_second, stored_max
FROM tenants WHERE id = ?1;

-- name: after
SELECT id, name, created_at, running_max, weight, unfinished_max, suspended_at, suspend_reason,
       sealed_secret, sealed_previous, previous_until, removing_since,
       requests_per_second, stored_max
FROM tenants WHERE no > ?1 ORDER BY no;

-- name: count
SELECT value FROM meta WHERE key = 'tenants';

-- name: count_on
UPDATE meta SET value = value + ?1 WHERE key = 'tenants';

-- name: use_number
UPDATE meta SET value = max(value, (SELECT no FROM tenants WHERE id = ?1))
WHERE key = 'last_tenant_no';

-- name: removing
SELECT id FROM tenants INDEXED BY tenants_removing
WHERE removing_since IS NOT NULL ORDER BY removing_since, no LIMIT ?1;

-- name: unused
SELECT id FROM tenants INDEXED BY tenants_unused
WHERE used_at IS NULL AND removing_since IS NULL AND created_at < ?1
ORDER BY created_at LIMIT ?2;

-- name: of_queue
SELECT t.id FROM queues AS q CROSS JOIN tenants AS t ON t.no = q.tenant WHERE q.no = ?1;

-- name: of_endpoint
SELECT t.id FROM endpoints AS e CROSS JOIN tenants AS t ON t.no = e.tenant WHERE e.id = ?1;

-- name: add
INSERT INTO tenants (no, id, name, created_at, running_max, weight, unfinished_max, suspended_at,
                     suspend_reason, sealed_secret, sealed_previous, previous_until,
                     requests_per_second, stored_max)
VALUES ((SELECT value FROM meta WHERE key = 'last_tenant_no') + 1,
        ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13);

-- name: set_limits
UPDATE tenants SET running_max = ?2, weight = ?3, unfinished_max = ?4, requests_per_second = ?5,
                   stored_max = ?6
WHERE id = ?1;

-- name: set_suspended
UPDATE tenants SET suspended_at = ?2, suspend_reason = ?3 WHERE id = ?1;

-- name: set_secret
UPDATE tenants SET sealed_secret = ?2, sealed_previous = ?3, previous_until = ?4 WHERE id = ?1;

-- name: start_removal
UPDATE tenants SET removing_since = coalesce(removing_since, ?2),
                   suspended_at = coalesce(suspended_at, ?2),
                   suspend_reason = CASE WHEN removing_since IS NULL THEN 'is being removed'
                                         ELSE suspend_reason END
WHERE id = ?1;

-- name: some_tasks
SELECT b.seq, b.lane, o.status
FROM bodies AS b INDEXED BY bodies_by_tenant CROSS JOIN outcomes AS o ON o.seq = b.seq
WHERE b.tenant = ?1 ORDER BY b.seq LIMIT ?2;

-- name: some_deliveries
SELECT no FROM deliveries INDEXED BY deliveries_by_endpoint WHERE tenant = ?1 LIMIT ?2;

-- name: remove_some_keys
DELETE FROM idempotency WHERE tenant = ?1
  AND key IN (SELECT key FROM idempotency WHERE tenant = ?1 LIMIT ?2);

-- name: remove_some_series
DELETE FROM series WHERE step = ?1 AND tenant = ?2
  AND (at, queue, name) IN (SELECT at, queue, name FROM series WHERE step = ?1 AND tenant = ?2
                            LIMIT ?3);

-- name: remove_some_destination_states
DELETE FROM destination_states
WHERE destination IN (SELECT no FROM destinations WHERE tenant = ?1 LIMIT ?2);

-- name: remove_some_destinations
DELETE FROM destinations WHERE no IN (SELECT no FROM destinations WHERE tenant = ?1 LIMIT ?2);

-- name: remove_endpoints
DELETE FROM endpoints WHERE tenant = ?1;

-- name: remove_queues
DELETE FROM queues WHERE tenant = ?1;

-- name: remove_api_keys
DELETE FROM api_keys WHERE tenant = ?1;

-- name: remove_totals
DELETE FROM totals WHERE tenant = ?1;

-- name: remove
DELETE FROM tenants WHERE no = ?1;
