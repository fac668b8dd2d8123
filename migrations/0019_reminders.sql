-- Mail to those who decide, when something has waited for a while. Each may do without it.
ALTER TABLE users ADD COLUMN reminded boolean NOT NULL DEFAULT true;

-- Up to when a workspace's waiting items were told of, and when that was.
CREATE TABLE approval_reminders (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces ON DELETE CASCADE,
  told_at      timestamptz NOT NULL,
  told_up_to   timestamptz NOT NULL
);
ALTER TABLE approval_reminders ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_reminders FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON approval_reminders TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()));
CREATE POLICY system_read ON approval_reminders FOR SELECT TO hyvve_system USING (true);
GRANT SELECT, INSERT, UPDATE ON approval_reminders TO hyvve_app;
GRANT SELECT ON approval_reminders TO hyvve_system;

-- In which workspaces something waits, and since when; not what.
CREATE POLICY system_waiting ON approval_items FOR SELECT TO hyvve_system USING (status = 'pending');
GRANT SELECT (workspace_id, status, created_at) ON approval_items TO hyvve_system;
