-- Standing grants: one agent may do one kind of thing by itself, so often and until then, because a person has said so.

CREATE TABLE approval_grants (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  agent_id     uuid NOT NULL,
  tool         text NOT NULL,
  -- An expression over an action's fields, as rules of policies have; true where the grant covers it.
  covers       text NOT NULL CHECK (length(covers) BETWEEN 1 AND 500),
  max_uses     integer NOT NULL CHECK (max_uses BETWEEN 1 AND 1000),
  used         integer NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND max_uses),
  expires_at   timestamptz NOT NULL CHECK (expires_at <= created_at + interval '90 days 1 hour'),
  created_by   uuid NOT NULL REFERENCES users,
  created_at   timestamptz NOT NULL DEFAULT now(),
  revoked_at   timestamptz,
  revoked_by   uuid REFERENCES users,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, agent_id) REFERENCES agents ON DELETE CASCADE,
  CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX approval_grants_live ON approval_grants (workspace_id, agent_id, tool) WHERE revoked_at IS NULL;
CREATE INDEX approval_grants_maker ON approval_grants (created_by);
CREATE INDEX approval_grants_revoker ON approval_grants (revoked_by) WHERE revoked_by IS NOT NULL;

-- The grant that let an item go on by itself.
ALTER TABLE approval_items
  ADD COLUMN grant_id uuid,
  ADD FOREIGN KEY (workspace_id, grant_id) REFERENCES approval_grants;
CREATE INDEX approval_items_grant ON approval_items (workspace_id, grant_id) WHERE grant_id IS NOT NULL;

ALTER TABLE approval_grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_grants FORCE ROW LEVEL SECURITY;

-- People who decide make, see and revoke them. An agent that proposes counts a use of what covers it, whoever has asked it; HYVVE
-- gives one back where nothing came of it.
CREATE POLICY app_read ON approval_grants FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.kind()) = 'agent' OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_make ON approval_grants FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin'))
    AND created_by = (SELECT ctx.user_id()) AND used = 0);
CREATE POLICY app_use ON approval_grants FOR UPDATE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.kind()) = 'agent' OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()));
GRANT SELECT, INSERT, UPDATE (used, revoked_at, revoked_by) ON approval_grants TO hyvve_app;
