-- name: find
SELECT e.id, t.id, e.url, e.description, e.events, e.enabled, e.disabled_reason, e.failing_since,
       e.sealed_secret, e.sealed_previous, e.previous_until, e.created_at, e.last_failed_at
FROM endpoints AS e CROSS JOIN tenants AS t ON t.no = e.tenant
WHERE e.id = ?1 AND e.tenant = ?2 AND e.removed_at IS NULL;

-- name: of_tenant
SELECT e.id, t.id, e.url, e.description, e.events, e.enabled, e.disabled_reason, e.failing_since,
       e.sealed_secret, e.sealed_previous, e.previous_until, e.created_at, e.last_failed_at
FROM endpoints AS e CROSS JOIN tenants AS t ON t.no = e.tenant
WHERE e.tenant = ?1 AND e.removed_at IS NULL ORDER BY e.no DESC;

-- name: number_of
SELECT count(*) FROM endpoints WHERE tenant = ?1 AND removed_at IS NULL;

-- name: no_of
SELECT no, enabled FROM endpoints WHERE id = ?1 AND tenant = ?2 AND removed_at IS NULL;

-- name: add
INSERT INTO endpoints (id, tenant, url, description, events, enabled, disabled_reason, failing_since,
                       sealed_secret, sealed_previous, previous_until, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12);

-- name: change
UPDATE endpoints SET url = ?2, description = ?3, events = ?4, enabled = ?5, disabled_reason = ?6,
                     failing_since = ?7, sealed_secret = ?8, sealed_previous = ?9,
                     previous_until = ?10, last_failed_at = ?11
WHERE no = ?1;

-- name: remove
UPDATE endpoints SET enabled = 0, removed_at = ?2, sealed_secret = x'', sealed_previous = x'',
                     previous_until = NULL, url = '', description = ''
WHERE no = ?1;

-- name: give_up_deliveries
UPDATE deliveries INDEXED BY deliveries_open SET state = 3, next_at = NULL, finished_at = ?3
WHERE tenant = ?1 AND endpoint = ?2 AND state < 2;

-- A removed endpoint goes when nothing names it any more.
-- name: forget_removed
DELETE FROM endpoints WHERE removed_at IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM deliveries INDEXED BY deliveries_by_endpoint
                  WHERE deliveries.tenant = endpoints.tenant AND deliveries.endpoint = endpoints.no);
