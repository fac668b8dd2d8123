-- Records: a workspace's own data, in collections that each have a JSON Schema. Every change is a new version.

CREATE TABLE collections (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  slug         text NOT NULL CHECK (slug ~ '^[a-z][a-z0-9_]{0,47}$'),
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- JSON Schema 2020-12 of a record's data.
  schema       jsonb NOT NULL,
  -- The property that names a record to people.
  title_field  text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT collections_slug_key UNIQUE (workspace_id, slug)
);

CREATE TABLE records (
  workspace_id  uuid NOT NULL,
  id            uuid NOT NULL,
  collection_id uuid NOT NULL,
  version       integer NOT NULL DEFAULT 1 CHECK (version > 0),
  title         text NOT NULL,
  data          jsonb NOT NULL,
  -- For a member's "own" and "assigned".
  owner_id      uuid REFERENCES users,
  assigned_to   uuid REFERENCES users,
  -- The values' words. Punctuation becomes blanks first, because the parser would read 2025-104 as 2025 and -104.
  search        tsvector GENERATED ALWAYS AS (to_tsvector('simple'::regconfig,
                  translate(jsonb_path_query_array(data, '$.*')::text, '-_/.,:;@"[]{}()+#&', '                  '))) STORED,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, collection_id) REFERENCES collections ON DELETE CASCADE
);
CREATE INDEX records_by_collection ON records (workspace_id, collection_id, title, id);

-- What a record was at each version, and what made it so.
CREATE TABLE record_versions (
  workspace_id uuid NOT NULL,
  record_id    uuid NOT NULL,
  version      integer NOT NULL CHECK (version > 0),
  data         jsonb NOT NULL,
  actor_kind   text NOT NULL CHECK (actor_kind IN ('user', 'agent', 'system')),
  actor_id     uuid,
  -- The approval whose effect made this version.
  approval_id  uuid,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, record_id, version),
  FOREIGN KEY (workspace_id, record_id) REFERENCES records ON DELETE CASCADE
);

ALTER TABLE collections ENABLE ROW LEVEL SECURITY;
ALTER TABLE collections FORCE ROW LEVEL SECURITY;
ALTER TABLE records ENABLE ROW LEVEL SECURITY;
ALTER TABLE records FORCE ROW LEVEL SECURITY;
ALTER TABLE record_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE record_versions FORCE ROW LEVEL SECURITY;

CREATE POLICY app_read ON collections FOR SELECT TO hyvve_app USING (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app_write ON collections TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));

-- Owners, admins and viewers read all; members their own and assigned ones; guests nothing until something is shared.
-- An agent reads with the role of whoever started its run.
CREATE POLICY app_read ON records FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND (
    (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin', 'viewer'))
    OR ((SELECT ctx.role_in('member')) AND (owner_id = (SELECT ctx.user_id()) OR assigned_to = (SELECT ctx.user_id())))));
CREATE POLICY app_write ON records TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));

-- Whoever sees a record sees its history: the subquery is itself under the policy of records.
CREATE POLICY app_read ON record_versions FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace())
  AND EXISTS (SELECT 1 FROM records r WHERE r.workspace_id = record_versions.workspace_id AND r.id = record_versions.record_id));
CREATE POLICY app_append ON record_versions FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));

GRANT SELECT, INSERT, UPDATE, DELETE ON collections, records TO hyvve_app;
GRANT SELECT, INSERT ON record_versions TO hyvve_app;
