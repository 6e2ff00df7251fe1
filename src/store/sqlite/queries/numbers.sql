-- name: tenant_no
SELECT no FROM tenants WHERE id = ?1

-- name: tenant_id
SELECT id FROM tenants WHERE no = ?1

-- name: queue_no
SELECT no FROM queues WHERE tenant = ?1 AND name = ?2

-- name: queue
SELECT tenant, name FROM queues WHERE no = ?1
