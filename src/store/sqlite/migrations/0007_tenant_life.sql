-- Tenants are counted, found by their names, known to have submitted something, and removed. Their
-- numbers are not used again: rows and caches name them.
ALTER TABLE tenants ADD COLUMN used_at INTEGER;
ALTER TABLE tenants ADD COLUMN removing_since INTEGER;
UPDATE tenants SET used_at = created_at WHERE no IN (SELECT tenant FROM totals);
CREATE INDEX tenants_unused ON tenants (created_at)
  WHERE used_at IS NULL AND removing_since IS NULL;
CREATE INDEX tenants_removing ON tenants (removing_since) WHERE removing_since IS NOT NULL;
INSERT INTO meta (key, value)
VALUES ('tenants', (SELECT count(*) FROM tenants)),
       ('last_tenant_no', (SELECT coalesce(max(no), 0) FROM tenants));
