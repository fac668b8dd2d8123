-- AI providers that a workspace brings, with their sealed keys.

CREATE TABLE ai_providers (
  workspace_id  uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id            uuid NOT NULL,
  kind          text NOT NULL CHECK (kind IN ('sandbox', 'openai_compatible')),
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  -- Where requests go; the sealed key is bound to it and is never sent anywhere else. NULL for the sandbox.
  base_url      text,
  -- AES-256-GCM: key id, nonce, ciphertext, tag (see `seal.rs`). NULL where the server wants no key.
  sealed_key    bytea,
  -- The last four characters, to recognise a key by.
  key_hint      text,
  default_model text NOT NULL CHECK (length(default_model) BETWEEN 1 AND 200),
  -- The provider that agents without one of their own use.
  is_default    boolean NOT NULL DEFAULT false,
  checked_at    timestamptz,
  check_error   text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CHECK ((kind = 'sandbox') = (base_url IS NULL))
);
CREATE UNIQUE INDEX ai_providers_default ON ai_providers (workspace_id) WHERE is_default;

ALTER TABLE ai_providers ENABLE ROW LEVEL SECURITY;
ALTER TABLE ai_providers FORCE ROW LEVEL SECURITY;
-- Agents read the provider they run on whatever their requester's role is; people need to be allowed to configure AI.
CREATE POLICY app_read ON ai_providers FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.kind()) IN ('agent', 'system') OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_write ON ai_providers TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));
GRANT SELECT, INSERT, UPDATE, DELETE ON ai_providers TO hyvve_app;
