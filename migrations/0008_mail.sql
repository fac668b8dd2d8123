-- Mail that agents sent after a decision. With SMTP it is a record of what left; without, the mailbox page shows it.

CREATE TABLE mails (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  -- No mail twice for one cause.
  effect_id    uuid NOT NULL,
  recipient    text NOT NULL,
  subject      text NOT NULL,
  body         text NOT NULL,
  -- 'smtp': handed to the mail server; 'mailbox': kept here, because no mail server is configured.
  delivery     text NOT NULL CHECK (delivery IN ('smtp', 'mailbox')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, effect_id) REFERENCES effects ON DELETE CASCADE,
  CONSTRAINT mails_effect_key UNIQUE (workspace_id, effect_id)
);
CREATE INDEX mails_recent ON mails (workspace_id, created_at DESC);

ALTER TABLE mails ENABLE ROW LEVEL SECURITY;
ALTER TABLE mails FORCE ROW LEVEL SECURITY;
CREATE POLICY app_read ON mails FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_append ON mails FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()));
GRANT SELECT, INSERT ON mails TO hyvve_app;
