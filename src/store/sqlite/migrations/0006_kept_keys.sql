-- A key outlives its task, so it must know the whole of the task's id.
ALTER TABLE idempotency ADD COLUMN id_low INTEGER;
UPDATE idempotency SET id_low = (SELECT id_low FROM bodies WHERE bodies.seq = idempotency.seq)
WHERE seq IS NOT NULL;
