-- Webhooks that are due are read so that tenants take turns; one that is put off keeps the time at
-- which it was due; an endpoint that fails keeps about when it last did.
CREATE INDEX deliveries_turns ON deliveries (tenant, next_at) WHERE state = 1;
ALTER TABLE deliveries ADD COLUMN due_since INTEGER;
CREATE INDEX deliveries_put_off ON deliveries (due_since) WHERE state = 1 AND due_since IS NOT NULL;
ALTER TABLE endpoints ADD COLUMN last_failed_at INTEGER;
