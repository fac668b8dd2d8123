-- The one door: what was proposed, who decided, and what then happened.

CREATE TABLE approval_items (
  workspace_id  uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id            uuid NOT NULL,
  status        text NOT NULL CHECK (status IN ('pending', 'approved', 'auto_approved', 'rejected', 'timed_out', 'cancelled', 'superseded')),
  -- How much of a look it gets: 'full' for everything until confidence is earned.
  review        text NOT NULL DEFAULT 'full' CHECK (review IN ('quick', 'full')),
  tool          text NOT NULL,
  tool_version  integer NOT NULL,
  -- In plain words, made by HYVVE from the arguments.
  title         text NOT NULL,
  reversibility text NOT NULL CHECK (reversibility IN ('reversible', 'irreversible')),
  -- Exactly what will run: RFC 8785 canonical JSON, and its SHA-256. Neither ever changes.
  canonical     bytea NOT NULL,
  hash          bytea NOT NULL CHECK (length(hash) = 32),
  -- Why, in the proposer's words; not checked by anyone.
  reason        text,
  proposer_kind text NOT NULL CHECK (proposer_kind IN ('user', 'agent')),
  proposer_id   uuid NOT NULL,
  requester_id  uuid NOT NULL REFERENCES users,
  run_id        uuid,
  tool_call_id  text,
  assigned_to   uuid REFERENCES users,
  due_at        timestamptz,
  created_at    timestamptz NOT NULL DEFAULT now(),
  decided_at    timestamptz,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, run_id) REFERENCES runs ON DELETE CASCADE,
  CHECK ((status = 'pending') = (decided_at IS NULL))
);
CREATE INDEX approval_items_queue ON approval_items (workspace_id, status, created_at DESC, id DESC);
CREATE INDEX approval_items_recent ON approval_items (workspace_id, created_at DESC, id DESC);
CREATE INDEX approval_items_requester ON approval_items (workspace_id, requester_id, created_at DESC);
CREATE INDEX approval_items_decided ON approval_items (workspace_id, decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX approval_items_assigned ON approval_items (assigned_to, status) WHERE assigned_to IS NOT NULL;
CREATE INDEX approval_items_due ON approval_items (due_at) WHERE status = 'pending';

-- Every decision ever taken on an item, withdrawn ones included.
CREATE TABLE approval_decisions (
  workspace_id uuid NOT NULL,
  id           uuid NOT NULL,
  approval_id  uuid NOT NULL,
  outcome      text NOT NULL CHECK (outcome IN ('approved', 'rejected', 'withdrawn', 'timed_out', 'cancelled', 'superseded')),
  actor_kind   text NOT NULL CHECK (actor_kind IN ('user', 'system')),
  actor_id     uuid,
  note         text,
  -- The hash that the decider was shown.
  hash         bytea NOT NULL CHECK (length(hash) = 32),
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, approval_id) REFERENCES approval_items ON DELETE CASCADE
);
CREATE INDEX approval_decisions_item ON approval_decisions (workspace_id, approval_id, created_at);

-- The effect ledger: at most one row per item, made in the transaction of the decision.
CREATE TABLE effects (
  workspace_id uuid NOT NULL,
  id           uuid NOT NULL,
  approval_id  uuid NOT NULL,
  state        text NOT NULL CHECK (state IN ('intended', 'executing', 'done', 'failed', 'unknown', 'withdrawn')),
  tool         text NOT NULL,
  repeat       text NOT NULL CHECK (repeat IN ('transactional', 'idempotent_key', 'at_most_once')),
  -- Undo is possible until then.
  not_before   timestamptz NOT NULL,
  lease_owner  uuid,
  lease_until  timestamptz,
  result       jsonb,
  error        text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  started_at   timestamptz,
  ended_at     timestamptz,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, approval_id) REFERENCES approval_items ON DELETE CASCADE
);
-- A withdrawn intent makes room for a new one; nothing else does.
CREATE UNIQUE INDEX effects_one_per_item ON effects (workspace_id, approval_id) WHERE state <> 'withdrawn';
CREATE INDEX effects_due ON effects (not_before) WHERE state = 'intended';
CREATE INDEX effects_executing ON effects (lease_until) WHERE state = 'executing';

ALTER TABLE approval_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_items FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_decisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_decisions FORCE ROW LEVEL SECURITY;
ALTER TABLE effects ENABLE ROW LEVEL SECURITY;
ALTER TABLE effects FORCE ROW LEVEL SECURITY;

-- Members see the items of their own runs; viewers and guests none.
CREATE POLICY app_read ON approval_items FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND (
    (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))
    OR ((SELECT ctx.role_in('member')) AND requester_id = (SELECT ctx.user_id()))));
CREATE POLICY app_propose ON approval_items FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND status = 'pending' AND (SELECT ctx.kind()) IN ('agent', 'user', 'system'));
CREATE POLICY app_decide ON approval_items FOR UPDATE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()));

CREATE POLICY app_read ON approval_decisions FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace())
  AND EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = approval_decisions.workspace_id AND i.id = approval_decisions.approval_id));
CREATE POLICY app_append ON approval_decisions FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));

CREATE POLICY app_read ON effects FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace())
  AND EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = effects.workspace_id AND i.id = effects.approval_id));
CREATE POLICY app_intend ON effects FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));
CREATE POLICY app_move ON effects FOR UPDATE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()));
-- The executor looks for due effects of any tenant, then works inside that tenant.
CREATE POLICY system_scan ON effects FOR SELECT TO hyvve_system USING (true);

-- What was proposed cannot be rewritten: only the columns of its fate can.
GRANT SELECT, INSERT, UPDATE (status, decided_at, assigned_to, due_at) ON approval_items TO hyvve_app;
GRANT SELECT, INSERT ON approval_decisions TO hyvve_app;
GRANT SELECT, INSERT, UPDATE (state, lease_owner, lease_until, result, error, started_at, ended_at) ON effects TO hyvve_app;
GRANT SELECT ON effects TO hyvve_system;
