-- How many calls a second a tenant may make, where it differs from the server's own rate.
ALTER TABLE tenants ADD COLUMN requests_per_second INTEGER;
