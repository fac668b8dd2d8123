-- Records that are shared with people who would not see them: guests see nothing else, members their own and assigned ones too.

CREATE TABLE record_shares (
  workspace_id uuid NOT NULL,
  record_id    uuid NOT NULL,
  user_id      uuid NOT NULL,
  shared_by    uuid NOT NULL REFERENCES users,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, record_id, user_id),
  FOREIGN KEY (workspace_id, record_id) REFERENCES records ON DELETE CASCADE,
  -- Whoever leaves takes nothing along and finds nothing again.
  FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_members (workspace_id, user_id) ON DELETE CASCADE
);
CREATE INDEX record_shares_of_person ON record_shares (workspace_id, user_id, record_id);

-- The same for what was assigned. Policies hold for the schema's owner as well, so they are put aside for the look at all tenants.
ALTER TABLE records NO FORCE ROW LEVEL SECURITY;
ALTER TABLE workspace_members NO FORCE ROW LEVEL SECURITY;
UPDATE records r SET assigned_to = NULL WHERE assigned_to IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM workspace_members m WHERE m.workspace_id = r.workspace_id AND m.user_id = r.assigned_to);
ALTER TABLE records DROP CONSTRAINT records_assigned_to_fkey,
  ADD FOREIGN KEY (workspace_id, assigned_to) REFERENCES workspace_members (workspace_id, user_id)
    ON DELETE SET NULL (assigned_to);
ALTER TABLE records FORCE ROW LEVEL SECURITY;
ALTER TABLE workspace_members FORCE ROW LEVEL SECURITY;

ALTER TABLE record_shares ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_shares FORCE ROW LEVEL SECURITY;
CREATE POLICY app_read ON record_shares FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace())
  AND (user_id = (SELECT ctx.user_id()) OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_write ON record_shares TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.role_in('owner', 'admin')))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.role_in('owner', 'admin')));
GRANT SELECT, INSERT, DELETE ON record_shares TO hyvve_app;

DROP POLICY app_read ON records;
CREATE POLICY app_read ON records FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND (
    (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin', 'viewer'))
    OR ((SELECT ctx.role_in('member')) AND (owner_id = (SELECT ctx.user_id()) OR assigned_to = (SELECT ctx.user_id())))
    OR ((SELECT ctx.role_in('member', 'guest')) AND EXISTS (
      SELECT 1 FROM record_shares s
      WHERE s.workspace_id = records.workspace_id AND s.record_id = records.id AND s.user_id = (SELECT ctx.user_id())))));

-- What happens to a record, only those learn who see it. Of everything else that is for all, guests learn nothing.
DROP POLICY app_read ON events;
CREATE POLICY app_read ON events FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND (
    (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin')) OR audience = (SELECT ctx.user_id())
    OR (audience IS NULL AND CASE subject_kind
      WHEN 'record' THEN EXISTS (
        SELECT 1 FROM records r WHERE r.workspace_id = events.workspace_id AND r.id = events.subject_id)
      ELSE (SELECT ctx.role_in('member', 'viewer')) END)));
