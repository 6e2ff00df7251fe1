-- What failed lately, for errors in groups: only tasks that failed pay for it. What is due next of a
-- tenant: only those that wait for their time pay.
CREATE INDEX outcomes_failed_at ON outcomes (tenant, finished_at) WHERE status = 5;
CREATE INDEX live_upcoming ON live (tenant, next_at) WHERE status = 1;
