-- Sign-in by others: the accounts that people have with OpenID providers, and sign-ins that are on their way there and back.

ALTER TABLE accounts
  -- A handle for unlinking, not a credential.
  ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid(),
  -- Whose word it is. A provider's id in the settings can come to mean another issuer, and then the same subject is another person.
  ADD COLUMN issuer text,
  -- The address that the provider knows the person by, so that he or she recognises it.
  ADD COLUMN email text,
  ADD CONSTRAINT accounts_id_key UNIQUE (id),
  ADD CONSTRAINT accounts_issuer CHECK ((provider = 'credential') = (issuer IS NULL));

-- One of each kind.
DROP INDEX accounts_user;
CREATE UNIQUE INDEX accounts_user_provider ON accounts (user_id, provider);

-- A sign-in that has left for a provider. What it needs to be finished is in the browser's cookie and in the provider's answer;
-- here are only their SHA-256, so that a row helps nobody who reads it. It is deleted by the answer that uses it.
CREATE TABLE openid_flows (
  state_hash   bytea PRIMARY KEY CHECK (length(state_hash) = 32),
  browser_hash bytea NOT NULL CHECK (length(browser_hash) = 32),
  provider     text NOT NULL,
  -- To link the provider to this session's account; nothing to sign in.
  session_id   uuid REFERENCES sessions ON DELETE CASCADE,
  -- Paths on this site: afterwards, for somebody new, and after an error.
  next         text,
  welcome      text,
  on_error     text,
  expires_at   timestamptz NOT NULL
);
CREATE INDEX openid_flows_expires ON openid_flows (expires_at);
CREATE INDEX openid_flows_session ON openid_flows (session_id);

ALTER TABLE openid_flows ENABLE ROW LEVEL SECURITY;
ALTER TABLE openid_flows FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON openid_flows TO hyvve_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON openid_flows TO hyvve_system;
