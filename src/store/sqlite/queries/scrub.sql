-- name: next
SELECT seq FROM bodies WHERE seq > ?1 ORDER BY seq LIMIT ?2;

-- Do the indexes that lists, claims and timers walk hold the task's rows?
-- name: body_indexed
SELECT EXISTS (SELECT 1 FROM bodies AS i INDEXED BY bodies_by_tenant
               WHERE i.tenant = b.tenant AND i.seq = b.seq)
FROM bodies AS b WHERE b.seq = ?1;

-- name: live_indexed
SELECT EXISTS (SELECT 1 FROM live AS i INDEXED BY live_by_tenant
               WHERE i.tenant = l.tenant AND i.seq = l.seq)
   AND CASE l.status
         WHEN 1 THEN EXISTS (SELECT 1 FROM live AS i INDEXED BY live_due
                             WHERE i.status = 1 AND i.next_at = l.next_at AND i.seq = l.seq)
           AND EXISTS (SELECT 1 FROM live AS i INDEXED BY live_scheduled
                       WHERE i.status = 1 AND i.tenant = l.tenant AND i.seq = l.seq)
           AND EXISTS (SELECT 1 FROM live AS i INDEXED BY live_upcoming
                       WHERE i.status = 1 AND i.tenant = l.tenant AND i.next_at = l.next_at
                         AND i.seq = l.seq)
         WHEN 2 THEN l.parked IS NOT NULL
           OR EXISTS (SELECT 1 FROM live AS i INDEXED BY live_ready
                      WHERE i.status = 2 AND i.parked IS NULL AND i.lane = l.lane
                        AND i.rank = l.rank AND i.seq = l.seq)
         WHEN 3 THEN EXISTS (SELECT 1 FROM live AS i INDEXED BY live_leases
                             WHERE i.status = 3 AND i.next_at = l.next_at AND i.seq = l.seq)
         ELSE 1 END
   AND (l.parked IS NULL
        OR (EXISTS (SELECT 1 FROM live AS i INDEXED BY live_parked
                    WHERE i.parked = l.parked AND i.rank = l.rank AND i.seq = l.seq)
            AND EXISTS (SELECT 1 FROM live AS i INDEXED BY live_parked_lane
                        WHERE i.parked IS NOT NULL AND i.lane = l.lane AND i.rank = l.rank
                          AND i.seq = l.seq)
            AND EXISTS (SELECT 1 FROM live AS i INDEXED BY live_parked_patience
                        WHERE i.parked = l.parked AND i.patience_ms IS l.patience_ms
                          AND i.refused_at IS l.refused_at AND i.seq = l.seq)))
   AND (l.expires_at IS NULL OR l.status >= 3
        OR EXISTS (SELECT 1 FROM live AS i INDEXED BY live_expiring
                   WHERE i.expires_at IS NOT NULL AND i.status < 3
                     AND i.expires_at = l.expires_at AND i.seq = l.seq))
FROM live AS l WHERE l.seq = ?1;

-- name: outcome_indexed
SELECT CASE o.status
         WHEN 5 THEN EXISTS (SELECT 1 FROM outcomes AS i INDEXED BY outcomes_failed
                             WHERE i.status = 5 AND i.tenant = o.tenant AND i.seq = o.seq)
           AND EXISTS (SELECT 1 FROM outcomes AS i INDEXED BY outcomes_failed_at
                       WHERE i.status = 5 AND i.tenant = o.tenant
                         AND i.finished_at = o.finished_at AND i.seq = o.seq)
         WHEN 6 THEN EXISTS (SELECT 1 FROM outcomes AS i INDEXED BY outcomes_cancelled
                             WHERE i.status = 6 AND i.tenant = o.tenant AND i.seq = o.seq)
         WHEN 7 THEN EXISTS (SELECT 1 FROM outcomes AS i INDEXED BY outcomes_expired
                             WHERE i.status = 7 AND i.tenant = o.tenant AND i.seq = o.seq)
         ELSE 1 END
FROM outcomes AS o WHERE o.seq = ?1;

-- name: live_orphans
SELECT l.seq FROM live AS l WHERE l.seq > ?1 AND l.seq <= ?2
  AND NOT EXISTS (SELECT 1 FROM bodies AS b WHERE b.seq = l.seq);

-- name: outcome_orphans
SELECT o.seq FROM outcomes AS o WHERE o.seq > ?1 AND o.seq <= ?2
  AND NOT EXISTS (SELECT 1 FROM bodies AS b WHERE b.seq = o.seq);
