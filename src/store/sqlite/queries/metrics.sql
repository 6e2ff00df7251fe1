-- name: counts
SELECT status, sum(n) FROM totals WHERE tenant = ?1 GROUP BY status;

-- name: counts_of_queue
SELECT status, n FROM totals WHERE tenant = ?1 AND queue = ?2;

-- name: cell
SELECT n FROM totals WHERE tenant = ?1 AND queue = ?2 AND status = ?3;

-- name: counts_all_tenants
SELECT status, sum(n) FROM totals GROUP BY status;

-- name: counts_by_tenant
SELECT t.id, o.status, sum(o.n) FROM totals AS o CROSS JOIN tenants AS t ON t.no = o.tenant
GROUP BY o.tenant, o.status ORDER BY o.tenant;

-- name: series
SELECT s.at, q.name, s.name, s.counts, s.wait, s.run
FROM series AS s LEFT JOIN queues AS q ON q.no = s.queue
WHERE s.step = ?1 AND s.tenant = ?2 AND s.at >= ?3 AND s.at < ?4 ORDER BY s.at;

-- name: tenant_numbers
SELECT no FROM tenants ORDER BY no;
