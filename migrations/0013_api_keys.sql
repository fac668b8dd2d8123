-- Keys with which programs work in one workspace, each for the person who made it.

CREATE TABLE api_keys (
  workspace_id uuid NOT NULL,
  id           uuid NOT NULL,
  -- Who made it, and for whom it works. It goes with the membership, and does not come back with it.
  user_id      uuid NOT NULL,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- How it begins, so that people can tell which one it is.
  prefix       text NOT NULL,
  -- SHA-256 of the 256 random bits in the key.
  key_hash     bytea NOT NULL CHECK (length(key_hash) = 32),
  scopes       text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'propose', 'decide', 'admin']),
  expires_at   timestamptz NOT NULL,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  last_used_ip text,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_members (workspace_id, user_id) ON DELETE CASCADE,
  CONSTRAINT api_keys_hash_key UNIQUE (key_hash)
);
CREATE INDEX api_keys_of_member ON api_keys (workspace_id, user_id, created_at);

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
-- People see and revoke their own; owners and admins all. Nobody makes one for somebody else.
CREATE POLICY app ON api_keys TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND (user_id = (SELECT ctx.user_id()) OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace())
    AND (user_id = (SELECT ctx.user_id()) OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_make ON api_keys AS RESTRICTIVE FOR INSERT TO hyvve_app WITH CHECK (user_id = (SELECT ctx.user_id()));
-- Whose key a request carries is asked before anything is known of the request.
CREATE POLICY system ON api_keys TO hyvve_system USING (true) WITH CHECK (true);

-- The hash is written and never read back, so that no reply can hold it.
GRANT SELECT (workspace_id, id, user_id, name, prefix, scopes, expires_at, revoked_at, last_used_at, last_used_ip, created_at),
  INSERT, UPDATE (revoked_at) ON api_keys TO hyvve_app;
GRANT SELECT, UPDATE (last_used_at, last_used_ip) ON api_keys TO hyvve_system;
