-- The models that an AI provider lists, kept so that people can search them and so that a name is checked without a call.

CREATE TABLE provider_models (
  workspace_id   uuid NOT NULL,
  provider_id    uuid NOT NULL,
  -- As a request names it.
  model          text NOT NULL CHECK (length(model) BETWEEN 1 AND 200),
  -- In the provider's own order, from 0: most list what is new first.
  position       integer NOT NULL CHECK (position >= 0),
  -- The rest where the provider tells it: a name for people, how many tokens the model can read, and what it costs, in millionths
  -- of a dollar for a million tokens.
  name           text,
  context_length bigint CHECK (context_length > 0),
  input_price    bigint CHECK (input_price >= 0),
  output_price   bigint CHECK (output_price >= 0),
  PRIMARY KEY (workspace_id, provider_id, model),
  FOREIGN KEY (workspace_id, provider_id) REFERENCES ai_providers ON DELETE CASCADE,
  CHECK ((input_price IS NULL) = (output_price IS NULL))
);

-- When the list was read; NULL: never, for the present address and key.
ALTER TABLE ai_providers ADD COLUMN models_read_at timestamptz;
-- Since when every test has failed; NULL where the last one was good.
ALTER TABLE ai_providers ADD COLUMN failing_since timestamptz;
UPDATE ai_providers SET failing_since = checked_at WHERE check_error IS NOT NULL;

ALTER TABLE provider_models ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_models FORCE ROW LEVEL SECURITY;
-- As with the providers themselves.
CREATE POLICY app_read ON provider_models FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.kind()) IN ('agent', 'system') OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_write ON provider_models TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));
GRANT SELECT, INSERT, DELETE ON provider_models TO hyvve_app;
