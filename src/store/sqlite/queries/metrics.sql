-- name: counts
SELECT status, sum(n) FROM totals WHERE tenant = ?1 GROUP BY status;

-- name: counts_of_queue
SELECT status, n FROM totals WHERE tenant = ?1 AND queue = ?2;

-- name: cell
SELECT n FROM totals WHERE tenant = ?1 AND queue = ?2 AND status = ?3;

-- name: counts_all_tenants
SELECT status, sum(n) FROM totals GROUP BY status;

-- Those with the most unfinished tasks (their statuses are below 4), then with the most of all.
-- name: counts_by_tenant
WITH busiest (tenant) AS (
  SELECT tenant FROM totals GROUP BY tenant
  ORDER BY sum(iif(status < 4, n, 0)) DESC, sum(n) DESC, tenant LIMIT ?1
)
SELECT t.id, o.status, sum(o.n)
FROM busiest AS b CROSS JOIN totals AS o ON o.tenant = b.tenant
                  CROSS JOIN tenants AS t ON t.no = o.tenant
GROUP BY o.tenant, o.status ORDER BY o.tenant;

-- name: series
SELECT s.at, q.name, s.name, s.counts, s.wait, s.run
FROM series AS s LEFT JOIN queues AS q ON q.no = s.queue
WHERE s.step = ?1 AND s.tenant = ?2 AND s.at >= ?3 AND s.at < ?4 ORDER BY s.at;

-- The tenants that have series of a step: a loose scan, one seek each.
-- name: tenants_in_series
WITH RECURSIVE named (tenant) AS (
  SELECT (SELECT tenant FROM series WHERE step = ?1 ORDER BY tenant LIMIT 1)
  UNION ALL
  SELECT (SELECT s.tenant FROM series AS s
          WHERE s.step = ?1 AND s.tenant > named.tenant ORDER BY s.tenant LIMIT 1)
  FROM named WHERE named.tenant IS NOT NULL
)
SELECT tenant FROM named WHERE tenant IS NOT NULL;
