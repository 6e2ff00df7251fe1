-- What the migrations come to; a test compares it. Written by the test itself, see there.
CREATE TABLE api_keys (
  id           BLOB PRIMARY KEY CHECK (length(id) = 16),
  tenant       INTEGER NOT NULL REFERENCES tenants (no),
  name         TEXT NOT NULL,
  prefix       TEXT NOT NULL,
  hash         BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  scopes       INTEGER NOT NULL,
  created_at   INTEGER NOT NULL,
  expires_at   INTEGER,
  revoked_at   INTEGER,
  last_used_at INTEGER
);
CREATE TABLE attempts (
  seq         INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  run         INTEGER NOT NULL,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER NOT NULL,
  outcome     TEXT NOT NULL,
  http_status INTEGER NOT NULL DEFAULT 0,
  error       TEXT NOT NULL DEFAULT '',
  worker      TEXT,
  PRIMARY KEY (seq, number)
) WITHOUT ROWID;
CREATE TABLE bodies (
  seq           INTEGER PRIMARY KEY,
  id_low        INTEGER NOT NULL,
  tenant        INTEGER NOT NULL,
  lane          INTEGER NOT NULL,
  name          TEXT NOT NULL,
  priority      INTEGER NOT NULL,
  max_attempts  INTEGER NOT NULL,
  scheduled_for INTEGER,
  expires_at    INTEGER,
  checksum      INTEGER NOT NULL,
  options       BLOB NOT NULL,
  payload       TEXT NOT NULL      -- last: its overflow pages are read only when it is asked for
);
CREATE TABLE deliveries (
  no             INTEGER PRIMARY KEY AUTOINCREMENT,
  id             BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  tenant         INTEGER NOT NULL,
  seq            INTEGER NOT NULL,
  task_low       INTEGER NOT NULL,
  endpoint       INTEGER NOT NULL,
  url            TEXT NOT NULL DEFAULT '',
  type           INTEGER NOT NULL,
  sequence       INTEGER NOT NULL,
  body           TEXT NOT NULL,
  state          INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
  attempts       INTEGER NOT NULL DEFAULT 0,
  attempts_total INTEGER NOT NULL DEFAULT 0,
  created_at     INTEGER NOT NULL,
  next_at        INTEGER,
  finished_at    INTEGER
, due_since INTEGER, set_aside INTEGER, first_due INTEGER);
CREATE TABLE delivery_attempts (
  delivery    INTEGER NOT NULL,
  number      INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  http_status INTEGER NOT NULL,
  failure     TEXT NOT NULL,
  answer      TEXT NOT NULL,
  PRIMARY KEY (delivery, number)
) WITHOUT ROWID;
CREATE TABLE destination_states (
  destination INTEGER NOT NULL,
  node        TEXT NOT NULL,
  state       INTEGER NOT NULL CHECK (state IN (0, 1)),
  since       INTEGER NOT NULL,
  error       TEXT NOT NULL,
  next_call   INTEGER,
  PRIMARY KEY (destination, node)
) WITHOUT ROWID;
CREATE TABLE destinations (
  no      INTEGER PRIMARY KEY,
  tenant  INTEGER NOT NULL,
  origin  TEXT NOT NULL,
  handler TEXT NOT NULL,
  UNIQUE (tenant, origin, handler)
);
CREATE TABLE endpoints (
  no              INTEGER PRIMARY KEY AUTOINCREMENT,
  id              BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  tenant          INTEGER NOT NULL REFERENCES tenants (no),
  url             TEXT NOT NULL,
  description     TEXT NOT NULL,
  events          INTEGER NOT NULL,
  enabled         INTEGER NOT NULL,
  disabled_reason TEXT NOT NULL DEFAULT '',
  failing_since   INTEGER,
  sealed_secret   BLOB NOT NULL,
  sealed_previous BLOB NOT NULL DEFAULT x'',
  previous_until  INTEGER,
  created_at      INTEGER NOT NULL,
  removed_at      INTEGER CHECK (removed_at IS NULL OR enabled = 0)
, last_failed_at INTEGER);
CREATE TABLE idempotency (
  tenant      INTEGER NOT NULL,
  key         TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  created_at  INTEGER NOT NULL,
  seq         INTEGER,          -- a single submit: the task
  status      INTEGER,          -- else: the whole answer
  body        TEXT, id_low INTEGER,
  PRIMARY KEY (tenant, key)
) WITHOUT ROWID;
CREATE TABLE live (
  seq          INTEGER PRIMARY KEY,
  tenant       INTEGER NOT NULL,
  lane         INTEGER NOT NULL,
  status       INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3),
  rank         INTEGER NOT NULL,
  next_at      INTEGER NOT NULL,
  expires_at   INTEGER,
  run          INTEGER NOT NULL DEFAULT 1,
  attempt      INTEGER NOT NULL DEFAULT 0,
  run_attempt  INTEGER NOT NULL DEFAULT 0,
  failures     INTEGER NOT NULL DEFAULT 0,
  lease_secret INTEGER,
  lease_kind   INTEGER,
  started_at   INTEGER,
  worker       TEXT, parked INTEGER CHECK (parked IS NULL OR status = 2), refused_at INTEGER, patience_ms INTEGER, resent_run INTEGER, checksum INTEGER,
  CHECK ((status = 3) = (lease_secret IS NOT NULL))
);
CREATE TABLE log_lines (
  seq  INTEGER NOT NULL,
  n    INTEGER NOT NULL,
  at   INTEGER NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (seq, n)
) WITHOUT ROWID;
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value NOT NULL
) WITHOUT ROWID;
CREATE TABLE outcomes (
  seq         INTEGER PRIMARY KEY,
  tenant      INTEGER NOT NULL,
  status      INTEGER NOT NULL CHECK (status BETWEEN 4 AND 7),
  finished_at INTEGER NOT NULL,
  started_at  INTEGER,
  run         INTEGER NOT NULL,
  attempt     INTEGER NOT NULL,
  run_attempt INTEGER NOT NULL,
  failures    INTEGER NOT NULL,
  lease_secret INTEGER,
  http_status INTEGER NOT NULL DEFAULT 0,
  worker      TEXT,
  error       TEXT,
  result      TEXT                -- last, as the payload
, checksum INTEGER);
CREATE TABLE progress (
  seq     INTEGER PRIMARY KEY,
  percent INTEGER,
  text    TEXT NOT NULL,
  at      INTEGER NOT NULL
);
CREATE TABLE queues (
  no                INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant            INTEGER NOT NULL REFERENCES tenants (no),
  name              TEXT NOT NULL,
  created_at        INTEGER NOT NULL,
  paused            INTEGER NOT NULL DEFAULT 0,
  pause_reason      TEXT NOT NULL DEFAULT '',
  concurrency_limit INTEGER,
  default_target    BLOB,
  retry             BLOB,
  timeout_ms        INTEGER,
  aging_ms          INTEGER NOT NULL,
  UNIQUE (tenant, name)
);
CREATE TABLE revoked_tokens (
  jti        TEXT PRIMARY KEY,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE series (
  step    INTEGER NOT NULL,
  tenant  INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  queue   INTEGER NOT NULL,
  name    TEXT NOT NULL,
  counts  BLOB NOT NULL,
  wait    BLOB NOT NULL,
  run     BLOB NOT NULL,
  PRIMARY KEY (step, tenant, at, queue, name)
) WITHOUT ROWID;
CREATE TABLE signing_keys (
  kid        TEXT PRIMARY KEY,
  sealed_jwk BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  signs_from INTEGER NOT NULL,
  retired_at INTEGER
) WITHOUT ROWID;
CREATE TABLE stored (
  tenant INTEGER PRIMARY KEY,
  bytes  INTEGER NOT NULL
);
CREATE TABLE submitted (
  seq INTEGER PRIMARY KEY,
  at  INTEGER NOT NULL
);
CREATE TABLE tenants (
  no              INTEGER PRIMARY KEY,
  id              BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
  name            TEXT NOT NULL,
  created_at      INTEGER NOT NULL,
  running_max     INTEGER NOT NULL,
  weight          INTEGER NOT NULL,
  unfinished_max  INTEGER NOT NULL,
  suspended_at    INTEGER,
  suspend_reason  TEXT NOT NULL DEFAULT '',
  sealed_secret   BLOB NOT NULL,
  sealed_previous BLOB NOT NULL DEFAULT x'',
  previous_until  INTEGER
, used_at INTEGER, removing_since INTEGER, requests_per_second INTEGER, stored_max INTEGER NOT NULL DEFAULT 10737418240);
CREATE TABLE totals (
  queue  INTEGER NOT NULL,
  status INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  PRIMARY KEY (tenant, queue, status)
) WITHOUT ROWID;
CREATE INDEX api_keys_by_tenant ON api_keys (tenant);
CREATE INDEX api_keys_revoked ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX bodies_by_tenant ON bodies (tenant, seq);
CREATE INDEX deliveries_by_endpoint ON deliveries (tenant, endpoint, no);
CREATE INDEX deliveries_by_task ON deliveries (seq, endpoint, no);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 1;
CREATE INDEX deliveries_exhausted ON deliveries (tenant, endpoint, no) WHERE state = 3;
CREATE INDEX deliveries_open ON deliveries (tenant, endpoint, no) WHERE state < 2;
CREATE INDEX deliveries_put_off ON deliveries (due_since) WHERE state = 1 AND due_since IS NOT NULL;
CREATE INDEX deliveries_set_aside ON deliveries (set_aside, due_since, no)
WHERE state = 1 AND set_aside IS NOT NULL;
CREATE INDEX deliveries_turns ON deliveries (tenant, next_at) WHERE state = 1;
CREATE INDEX endpoints_by_tenant ON endpoints (tenant);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
CREATE INDEX live_by_tenant ON live (tenant, seq);
CREATE INDEX live_due ON live (next_at) WHERE status = 1;
CREATE INDEX live_expiring ON live (expires_at) WHERE expires_at IS NOT NULL AND status < 3;
CREATE INDEX live_leases ON live (next_at) WHERE status = 3;
CREATE INDEX live_parked ON live (parked, rank, seq) WHERE parked IS NOT NULL;
CREATE INDEX live_parked_lane ON live (lane, rank) WHERE parked IS NOT NULL;
CREATE INDEX live_parked_patience ON live (parked, patience_ms, refused_at)
WHERE parked IS NOT NULL;
CREATE INDEX live_ready ON live (lane, rank, seq) WHERE status = 2 AND parked IS NULL;
CREATE INDEX live_scheduled ON live (tenant, seq) WHERE status = 1;
CREATE INDEX live_upcoming ON live (tenant, next_at) WHERE status = 1;
CREATE INDEX outcomes_cancelled ON outcomes (tenant, seq) WHERE status = 6;
CREATE INDEX outcomes_expired ON outcomes (tenant, seq) WHERE status = 7;
CREATE INDEX outcomes_failed ON outcomes (tenant, seq) WHERE status = 5;
CREATE INDEX outcomes_failed_at ON outcomes (tenant, finished_at) WHERE status = 5;
CREATE INDEX tenants_removing ON tenants (removing_since) WHERE removing_since IS NOT NULL;
CREATE INDEX tenants_unused ON tenants (created_at)
  WHERE used_at IS NULL AND removing_since IS NULL;
