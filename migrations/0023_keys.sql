-- How secrets at rest are kept: which master key seals them, which servers know which, and a key of its own for each workspace.
-- No master key is here: only its number, and what it is recognised by.

CREATE TABLE master_keys (
  id          bigint PRIMARY KEY CHECK (id BETWEEN 0 AND 4294967295),
  -- Made from the key; two keys with one number are told apart by it.
  print       bytea NOT NULL CHECK (length(print) = 32),
  -- The one that began last is the one that seals.
  seals_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- From when nothing is sealed with it any more, so that it opens nothing.
  retired_at  timestamptz
);

-- The servers that run, and the keys that each of them knows: none begins to seal before all of these can open it.
CREATE TABLE key_holders (
  node    uuid PRIMARY KEY,
  prints  bytea[] NOT NULL,
  -- The key that it seals with.
  seals   bigint NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now()
);

-- A workspace's data key, sealed by a master key. It goes with the workspace, and with it all that it has sealed, wherever a
-- copy of that is.
CREATE TABLE workspace_keys (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  version      integer NOT NULL CHECK (version > 0),
  sealed       bytea NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, version)
);

ALTER TABLE master_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE master_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE key_holders ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_holders FORCE ROW LEVEL SECURITY;
ALTER TABLE workspace_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspace_keys FORCE ROW LEVEL SECURITY;

CREATE POLICY system ON master_keys TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON key_holders TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON workspace_keys TO hyvve_system USING (true) WITH CHECK (true);
-- Whoever reaches a provider needs the key of its workspace, as with `ai_providers`.
CREATE POLICY app_read ON workspace_keys FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.kind()) IN ('agent', 'system') OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_add ON workspace_keys FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));

GRANT SELECT, INSERT, UPDATE ON master_keys TO hyvve_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON key_holders TO hyvve_system;
GRANT SELECT, INSERT, UPDATE (sealed) ON workspace_keys TO hyvve_system;
GRANT SELECT, INSERT ON workspace_keys TO hyvve_app;

-- What is sealed already is sealed anew in the background: provider keys by their workspace's key, all else by the master key
-- that seals.
CREATE POLICY system_reseal ON ai_providers TO hyvve_system USING (sealed_key IS NOT NULL) WITH CHECK (sealed_key IS NOT NULL);
GRANT SELECT (workspace_id, id, base_url, sealed_key), UPDATE (sealed_key) ON ai_providers TO hyvve_system;
GRANT UPDATE (private_key) ON signing_keys TO hyvve_system;
