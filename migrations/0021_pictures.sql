-- Pictures of people and of workspaces. What somebody uploads is drawn anew, small and square, and only that is kept; a new
-- picture takes the place of the old one and has another id, so that browsers may keep each of them for ever.

CREATE TABLE user_pictures (
  user_id    uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  id         uuid NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('image/jpeg', 'image/png')),
  -- 256 by 256 points of four bytes, if nothing could be compressed.
  bytes      bytea NOT NULL CHECK (length(bytes) BETWEEN 1 AND 300000),
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT user_pictures_id_key UNIQUE (id)
);

CREATE TABLE workspace_pictures (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('image/jpeg', 'image/png')),
  bytes        bytea NOT NULL CHECK (length(bytes) BETWEEN 1 AND 300000),
  created_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workspace_pictures_id_key UNIQUE (id)
);

-- They are compressed already.
ALTER TABLE user_pictures ALTER bytes SET STORAGE EXTERNAL;
ALTER TABLE workspace_pictures ALTER bytes SET STORAGE EXTERNAL;

-- Who sees a picture depends on all workspaces that two people have in common, which no tenant's transaction can look at: HYVVE
-- looks for it. A person belongs to no tenant, so a person's picture is HYVVE's to change as well.
ALTER TABLE user_pictures ENABLE ROW LEVEL SECURITY;
ALTER TABLE user_pictures FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON user_pictures TO hyvve_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON user_pictures TO hyvve_system;

ALTER TABLE workspace_pictures ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspace_pictures FORCE ROW LEVEL SECURITY;
CREATE POLICY app_edit ON workspace_pictures TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY system_read ON workspace_pictures FOR SELECT TO hyvve_system USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON workspace_pictures TO hyvve_app;
GRANT SELECT ON workspace_pictures TO hyvve_system;

-- `image` is the address of such a picture, or nothing. Until now it was an address anywhere, which no page has ever shown.
-- Policies hold for the schema's owner as well, so they are put aside for the look at all tenants.
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE workspaces NO FORCE ROW LEVEL SECURITY;
UPDATE users SET image = NULL WHERE image IS NOT NULL;
UPDATE workspaces SET image = NULL WHERE image IS NOT NULL;
ALTER TABLE users ADD CONSTRAINT users_image CHECK (image ~ '^/api/pictures/[0-9a-f-]{36}$');
ALTER TABLE workspaces ADD CONSTRAINT workspaces_image CHECK (image ~ '^/api/pictures/[0-9a-f-]{36}$');
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE workspaces FORCE ROW LEVEL SECURITY;
