-- What failed lately, for errors in groups. Only tasks that failed pay for it.
CREATE INDEX outcomes_failed_at ON outcomes (tenant, finished_at) WHERE status = 5;
