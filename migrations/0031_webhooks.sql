-- Outgoing webhooks: addresses outside that hear of a workspace's events, and what came of telling them.

CREATE TABLE webhook_endpoints (
  workspace_id       uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id                 uuid NOT NULL,
  url                text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
  description        text NOT NULL CHECK (length(description) <= 200),
  -- Types of events, or beginnings of such that end in a dot. None: all.
  events             text[] NOT NULL,
  disabled_at        timestamptz,
  disabled_because   text CHECK (disabled_because IN ('by_hand', 'gone', 'failing')),
  -- What it signs with, sealed by the workspace's data key; and what it signed with before, as long as it still does.
  secret             bytea NOT NULL,
  old_secret         bytea,
  old_secret_until   timestamptz,
  -- The data keys that open them. One that is needed here cannot be removed.
  secret_version     integer NOT NULL GENERATED ALWAYS AS
    ((get_byte(secret, 1) << 24) | (get_byte(secret, 2) << 16) | (get_byte(secret, 3) << 8) | get_byte(secret, 4)) STORED,
  old_secret_version integer GENERATED ALWAYS AS
    ((get_byte(old_secret, 1) << 24) | (get_byte(old_secret, 2) << 16) | (get_byte(old_secret, 3) << 8) | get_byte(old_secret, 4)) STORED,
  -- Events up to this one are deliveries, or none of its business.
  told_seq           bigint NOT NULL,
  last_success_at    timestamptz,
  -- Since when nothing got through; NULL where the last thing did.
  failing_since      timestamptz,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, secret_version) REFERENCES workspace_keys DEFERRABLE INITIALLY DEFERRED,
  FOREIGN KEY (workspace_id, old_secret_version) REFERENCES workspace_keys DEFERRABLE INITIALLY DEFERRED,
  CHECK ((disabled_at IS NULL) = (disabled_because IS NULL)),
  CHECK ((old_secret IS NULL) = (old_secret_until IS NULL))
);

-- One event on its way to one endpoint. What is sent is the same on every try.
CREATE TABLE webhook_deliveries (
  workspace_id uuid NOT NULL,
  id           uuid NOT NULL,
  endpoint_id  uuid NOT NULL,
  event_id     uuid NOT NULL,
  -- The event's number; NULL: a test, which is no event.
  seq          bigint,
  type         text NOT NULL,
  body         text NOT NULL,
  state        text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'failed', 'cancelled')),
  -- From when it is tried for a day: when it was made, or asked for once more.
  begun_at     timestamptz NOT NULL DEFAULT now(),
  -- While it waits: when it is tried next, or when whoever tries it now is given up.
  due_at       timestamptz NOT NULL DEFAULT now(),
  -- Grows with every claim, and whenever it begins anew, so that an answer of before is known as one; and where it began.
  attempts     integer NOT NULL DEFAULT 0,
  begun_at_attempt integer NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT webhook_deliveries_once UNIQUE (workspace_id, endpoint_id, event_id),
  FOREIGN KEY (workspace_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (workspace_id, endpoint_id, due_at, seq) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_log ON webhook_deliveries (workspace_id, endpoint_id, begun_at DESC, id DESC);
CREATE INDEX webhook_deliveries_age ON webhook_deliveries (begun_at);

-- What came of one try.
CREATE TABLE webhook_tries (
  workspace_id uuid NOT NULL,
  delivery_id  uuid NOT NULL,
  id           uuid NOT NULL,
  at           timestamptz NOT NULL,
  duration_ms  integer NOT NULL,
  -- NULL: there was no answer; then `error` says why.
  status       integer,
  error        text,
  -- How the answer began.
  reply        text NOT NULL CHECK (octet_length(reply) <= 1024),
  PRIMARY KEY (workspace_id, delivery_id, id),
  FOREIGN KEY (workspace_id, delivery_id) REFERENCES webhook_deliveries ON DELETE CASCADE
);

ALTER TABLE webhook_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoints FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_deliveries FORCE ROW LEVEL SECURITY;
ALTER TABLE webhook_tries ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_tries FORCE ROW LEVEL SECURITY;

-- Owners, admins, and HYVVE itself when it delivers.
CREATE POLICY app ON webhook_endpoints TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));
CREATE POLICY app ON webhook_deliveries TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));
CREATE POLICY app ON webhook_tries TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));
-- In which workspaces something is to be told or sent is looked for in all of them; what it is, inside each. And what is old goes.
CREATE POLICY system ON webhook_endpoints TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON webhook_deliveries TO hyvve_system USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, DELETE,
  UPDATE (url, description, events, disabled_at, disabled_because, secret, old_secret, old_secret_until, told_seq, last_success_at, failing_since, updated_at)
  ON webhook_endpoints TO hyvve_app;
GRANT SELECT, INSERT, UPDATE (state, begun_at, due_at, attempts, begun_at_attempt) ON webhook_deliveries TO hyvve_app;
GRANT SELECT, INSERT ON webhook_tries TO hyvve_app;
GRANT SELECT (workspace_id, id, disabled_at, told_seq, old_secret_until, secret_version, old_secret_version), UPDATE (old_secret, old_secret_until) ON webhook_endpoints TO hyvve_system;
GRANT SELECT (workspace_id, id, endpoint_id, seq, state, begun_at, due_at, attempts), UPDATE (due_at, attempts), DELETE ON webhook_deliveries TO hyvve_system;
