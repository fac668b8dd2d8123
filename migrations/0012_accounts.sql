-- Accounts that their people can keep: links that prove an address, and the devices that somebody is known by.

-- A link in a letter. The letter holds 256 random bits, only their SHA-256 is here; a link works once.
CREATE TABLE one_time_tokens (
  id         uuid PRIMARY KEY,
  kind       text NOT NULL CHECK (kind IN ('verify_email', 'reset_password', 'change_email')),
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  -- The address that it was sent to. A link that was sent to an address which the account has no longer does nothing.
  email      text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  expires_at timestamptz NOT NULL,
  used_at    timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_time_tokens_key UNIQUE (token_hash)
);
CREATE INDEX one_time_tokens_user ON one_time_tokens (user_id, kind, created_at);

-- From where somebody has signed in. Sessions end and are gone; this stays, so that a new device can be told from an old one.
CREATE TABLE known_devices (
  user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  -- SHA-256 of browser, system and network.
  fingerprint   bytea NOT NULL CHECK (length(fingerprint) = 32),
  first_used_at timestamptz NOT NULL DEFAULT now(),
  last_used_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, fingerprint)
);

-- Out of the serving role's reach, like all credentials.
ALTER TABLE one_time_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE one_time_tokens FORCE ROW LEVEL SECURITY;
ALTER TABLE known_devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE known_devices FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON one_time_tokens TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON known_devices TO hyvve_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON one_time_tokens, known_devices TO hyvve_system;
