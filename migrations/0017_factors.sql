-- A second factor: an authenticator app, passkeys, and the recovery codes for who has lost both. Whoever has an app or a passkey
-- gets in with a password only together with one of them.

-- When a session has shown a second factor, if it has. A workspace can ask for it.
ALTER TABLE sessions ADD COLUMN second_factor_at timestamptz;
ALTER TABLE workspaces ADD COLUMN second_factor_required boolean NOT NULL DEFAULT false;

-- An authenticator app (RFC 6238). It counts once it has shown that it works.
CREATE TABLE authenticators (
  user_id    uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  -- The shared secret, sealed.
  sealed     bytea NOT NULL,
  -- NULL: it has not shown a right code yet.
  enabled_at timestamptz,
  -- The step of the newest code that was taken. No code is taken twice, and none that is older.
  last_step  bigint NOT NULL DEFAULT 0,
  -- Which session sees the secret until then, and since when.
  begun_by   uuid REFERENCES sessions ON DELETE SET NULL,
  begun_at   timestamptz NOT NULL DEFAULT now()
);

-- 80 random bits each, of which only a SHA-256 is here. Each works once.
CREATE TABLE recovery_codes (
  user_id   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
  used_at   timestamptz,
  PRIMARY KEY (user_id, code_hash)
);

-- A passkey (WebAuthn): the public half, and what is known of the authenticator that has the other.
CREATE TABLE passkeys (
  id            uuid PRIMARY KEY,
  user_id       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  name          text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  credential_id bytea NOT NULL,
  credential    jsonb NOT NULL,
  -- How often the authenticator says that it has signed; 0 where it does not count.
  sign_count    bigint NOT NULL,
  -- It is kept by a service, so that it outlives the device.
  backed_up     boolean NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  last_used_at  timestamptz,
  CONSTRAINT passkeys_credential_key UNIQUE (credential_id)
);
CREATE INDEX passkeys_user ON passkeys (user_id);

-- What a browser was asked to sign. A cookie holds 256 random bits that name it; it is answered once.
CREATE TABLE passkey_challenges (
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  -- Whose passkey it has to be; NULL: whoever has one.
  user_id    uuid REFERENCES users ON DELETE CASCADE,
  state      jsonb NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX passkey_challenges_expires ON passkey_challenges (expires_at);

-- Somebody has shown the first factor, and is asked for the second. A cookie holds the 256 random bits.
CREATE TABLE pending_sign_ins (
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  tries      smallint NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL
);
CREATE INDEX pending_sign_ins_user ON pending_sign_ins (user_id);
CREATE INDEX pending_sign_ins_expires ON pending_sign_ins (expires_at);

-- How many codes of an account were wrong lately, over all of its pending sign-ins.
CREATE TABLE wrong_codes (
  user_id uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
  count   integer NOT NULL,
  since   timestamptz NOT NULL DEFAULT now()
);

-- A link by mail can sign in.
ALTER TABLE one_time_tokens DROP CONSTRAINT one_time_tokens_kind_check;
ALTER TABLE one_time_tokens ADD CONSTRAINT one_time_tokens_kind_check
  CHECK (kind IN ('verify_email', 'reset_password', 'change_email', 'sign_in'));

-- Out of the serving role's reach, like all credentials.
ALTER TABLE authenticators ENABLE ROW LEVEL SECURITY;
ALTER TABLE authenticators FORCE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_codes FORCE ROW LEVEL SECURITY;
ALTER TABLE passkeys ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkeys FORCE ROW LEVEL SECURITY;
ALTER TABLE passkey_challenges ENABLE ROW LEVEL SECURITY;
ALTER TABLE passkey_challenges FORCE ROW LEVEL SECURITY;
ALTER TABLE pending_sign_ins ENABLE ROW LEVEL SECURITY;
ALTER TABLE pending_sign_ins FORCE ROW LEVEL SECURITY;
ALTER TABLE wrong_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE wrong_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON authenticators TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON recovery_codes TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON passkeys TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON passkey_challenges TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON pending_sign_ins TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON wrong_codes TO hyvve_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE
  ON authenticators, recovery_codes, passkeys, passkey_challenges, pending_sign_ins, wrong_codes TO hyvve_system;
