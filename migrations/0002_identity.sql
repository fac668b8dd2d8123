-- Identity: people, how they prove who they are, and the workspaces that they belong to.
--
-- Credentials are out of the serving role's reach altogether: `hyvve_app` has no grant on accounts or sessions. Sign-in and
-- session checks run as `hyvve_system`.

CREATE TABLE users (
  id             uuid PRIMARY KEY,
  email          text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  email_verified boolean NOT NULL DEFAULT false,
  name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  image          text,
  created_at     timestamptz NOT NULL DEFAULT now(),
  updated_at     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT users_email_key UNIQUE (email)
);

-- One way of signing in: a password here, an OpenID provider later.
CREATE TABLE accounts (
  user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  provider      text NOT NULL,
  subject       text NOT NULL,
  password_hash text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (provider, subject)
);
CREATE INDEX accounts_user ON accounts (user_id);

CREATE TABLE workspaces (
  id         uuid PRIMARY KEY,
  slug       text NOT NULL CHECK (slug ~ '^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$'),
  name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  image      text,
  timezone   text NOT NULL DEFAULT 'UTC',
  created_by uuid NOT NULL REFERENCES users,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT workspaces_slug_key UNIQUE (slug)
);

CREATE TABLE workspace_members (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  role         text NOT NULL CHECK (role IN ('owner', 'admin', 'member', 'viewer', 'guest')),
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, user_id)
);
CREATE INDEX workspace_members_user ON workspace_members (user_id);

-- A signed-in browser. The cookie holds 256 random bits; only their SHA-256 is here.
CREATE TABLE sessions (
  id                     uuid PRIMARY KEY,
  user_id                uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  token_hash             bytea NOT NULL CHECK (length(token_hash) = 32),
  active_organization_id uuid REFERENCES workspaces ON DELETE SET NULL,
  ip                     text,
  user_agent             text,
  created_at             timestamptz NOT NULL DEFAULT now(),
  last_used_at           timestamptz NOT NULL DEFAULT now(),
  expires_at             timestamptz NOT NULL,
  CONSTRAINT sessions_token_key UNIQUE (token_hash)
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE workspaces ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspaces FORCE ROW LEVEL SECURITY;
ALTER TABLE workspace_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspace_members FORCE ROW LEVEL SECURITY;

-- Inside a tenant, one sees oneself and the people of that tenant; nobody sees a stranger's address.
CREATE POLICY app_read ON users FOR SELECT TO hyvve_app USING (
  id = (SELECT ctx.user_id())
  OR EXISTS (SELECT 1 FROM workspace_members m WHERE m.workspace_id = (SELECT ctx.workspace()) AND m.user_id = users.id));
CREATE POLICY system ON users TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON accounts TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON sessions TO hyvve_system USING (true) WITH CHECK (true);

-- Without a tenant (`UserTx`), a person sees the workspaces that he or she belongs to. Making a workspace is HYVVE's act.
CREATE POLICY app_tenant ON workspaces FOR SELECT TO hyvve_app USING (id = (SELECT ctx.workspace()));
CREATE POLICY app_own ON workspaces FOR SELECT TO hyvve_app USING (
  (SELECT ctx.workspace()) IS NULL
  AND EXISTS (SELECT 1 FROM workspace_members m WHERE m.workspace_id = workspaces.id AND m.user_id = (SELECT ctx.user_id())));
CREATE POLICY app_create ON workspaces FOR INSERT TO hyvve_app
  WITH CHECK (id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()));
CREATE POLICY app_edit ON workspaces FOR UPDATE TO hyvve_app
  USING (id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (id = (SELECT ctx.workspace()));
CREATE POLICY system ON workspaces TO hyvve_system USING (true) WITH CHECK (true);

CREATE POLICY app_tenant ON workspace_members FOR SELECT TO hyvve_app USING (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app_own ON workspace_members FOR SELECT TO hyvve_app
  USING ((SELECT ctx.workspace()) IS NULL AND user_id = (SELECT ctx.user_id()));
CREATE POLICY app_write ON workspace_members TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY system ON workspace_members FOR SELECT TO hyvve_system USING (true);

GRANT SELECT ON users TO hyvve_app;
GRANT SELECT, INSERT, UPDATE ON workspaces TO hyvve_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON workspace_members TO hyvve_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON users, accounts, sessions TO hyvve_system;
GRANT SELECT ON workspaces, workspace_members TO hyvve_system;
