-- People in a workspace: invitations, leaving and deleting, and the letters that HYVVE itself writes.

-- A letter of HYVVE: proof of an address, an invitation. It is posted in the transaction that causes it, and sent by a job.
-- Only the job reads letters; a tenant's transaction can add one.
CREATE TABLE letters (
  id          uuid PRIMARY KEY,
  -- What it is sent for. No letter goes out twice for one cause.
  cause       text NOT NULL,
  recipient   text NOT NULL,
  subject     text NOT NULL,
  -- Text and HTML. They hold links that let somebody in, so they are sealed, and erased once the letter has left.
  sealed      bytea,
  -- 'unknown': the node died, or the connection broke, while it was handed over. It is not sent again.
  state       text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'unknown')),
  attempts    integer NOT NULL DEFAULT 0,
  -- When it is tried next; while it is sent, when the node that sends it is given up.
  due_at      timestamptz NOT NULL DEFAULT now(),
  error       text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  ended_at    timestamptz,
  CONSTRAINT letters_cause_key UNIQUE (cause),
  CONSTRAINT letters_sealed CHECK ((sealed IS NULL) = (state IN ('sent', 'failed', 'unknown')))
);
CREATE INDEX letters_due ON letters (due_at) WHERE state IN ('waiting', 'sending');

ALTER TABLE letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE letters FORCE ROW LEVEL SECURITY;
CREATE POLICY app_post ON letters FOR INSERT TO hyvve_app
  WITH CHECK ((SELECT ctx.workspace()) IS NOT NULL AND state = 'waiting');
CREATE POLICY system ON letters TO hyvve_system USING (true) WITH CHECK (true);
GRANT INSERT ON letters TO hyvve_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON letters TO hyvve_system;

-- A workspace that was deleted can be had back for 30 days; then it is purged with everything in it.
ALTER TABLE workspaces ADD COLUMN deleted_at timestamptz;
CREATE INDEX workspaces_deleted ON workspaces (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE POLICY system_purge ON workspaces AS RESTRICTIVE FOR DELETE TO hyvve_system
  USING (deleted_at < now() - interval '30 days');
GRANT UPDATE (deleted_at), DELETE ON workspaces TO hyvve_system;

-- A person is asked to join, by mail or by a link that the first who follows it may use.
CREATE TABLE invitations (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  -- NULL: by link.
  email        text CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  -- Nobody is invited as an owner: ownership is handed over.
  role         text NOT NULL CHECK (role IN ('admin', 'member', 'viewer', 'guest')),
  -- SHA-256 of the 256 random bits in the link.
  token_hash   bytea NOT NULL CHECK (length(token_hash) = 32),
  status       text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'accepted', 'rejected', 'canceled')),
  invited_by   uuid NOT NULL REFERENCES users,
  accepted_by  uuid REFERENCES users,
  expires_at   timestamptz NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT invitations_token_key UNIQUE (token_hash),
  CONSTRAINT invitations_accepted CHECK ((status = 'accepted') = (accepted_by IS NOT NULL)),
  CONSTRAINT invitations_ended CHECK ((status = 'pending') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX invitations_pending ON invitations (workspace_id, email) WHERE status = 'pending' AND email IS NOT NULL;
CREATE INDEX invitations_email ON invitations (email) WHERE status = 'pending';

ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON invitations TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
-- Whoever was invited is no member yet, so HYVVE looks for the invitation.
CREATE POLICY system_read ON invitations FOR SELECT TO hyvve_system USING (true);
GRANT SELECT, INSERT, UPDATE ON invitations TO hyvve_app;
GRANT SELECT ON invitations TO hyvve_system;

-- A purged workspace takes its counts with it; nobody is left to count for.
CREATE OR REPLACE FUNCTION approval_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT 1 FROM workspaces WHERE id = OLD.workspace_id) THEN
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN
    UPDATE approval_counts SET items = items - 1
    WHERE workspace_id = OLD.workspace_id AND status = OLD.status AND tool = OLD.tool;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO approval_counts (workspace_id, status, tool, items) VALUES (NEW.workspace_id, NEW.status, NEW.tool, 1)
    ON CONFLICT (workspace_id, status, tool) DO UPDATE SET items = approval_counts.items + 1;
  END IF;
  RETURN NULL;
END $$;
