-- What only owners may do, also where a query forgets to ask: to make, demote and remove owners, to delete the workspace, and to
-- have it back. Each policy narrows those of 0002, which let admins write.

CREATE POLICY app_owners_delete ON workspaces AS RESTRICTIVE FOR UPDATE TO hyvve_app
  USING (id = (SELECT ctx.workspace())
    AND (deleted_at IS NULL OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner'))))
  WITH CHECK (id = (SELECT ctx.workspace())
    AND (deleted_at IS NULL OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner'))));

CREATE POLICY app_owners_add ON workspace_members AS RESTRICTIVE FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace())
    AND (role <> 'owner' OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner'))));
CREATE POLICY app_owners_remove ON workspace_members AS RESTRICTIVE FOR DELETE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND (role <> 'owner' OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner'))));
-- Admins see and lock owners: USING lets them, so that a workspace's owners can be counted. A policy knows nothing of the row as it
-- was, so a trigger keeps admins from demoting them.
CREATE POLICY app_owners_make ON workspace_members AS RESTRICTIVE FOR UPDATE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()))
  WITH CHECK (workspace_id = (SELECT ctx.workspace())
    AND (role <> 'owner' OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner'))));

CREATE FUNCTION owner_demoted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_user = 'hyvve_app' AND NOT COALESCE(ctx.is_system() OR ctx.role_in('owner'), false) THEN
    RAISE insufficient_privilege USING MESSAGE = 'only an owner may change an owner';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER workspace_members_owner_demoted BEFORE UPDATE OF role ON workspace_members
  FOR EACH ROW WHEN (OLD.role = 'owner' AND NEW.role <> 'owner') EXECUTE FUNCTION owner_demoted();
