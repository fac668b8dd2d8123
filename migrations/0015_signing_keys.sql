-- Access tokens: the keys that sign them. A key is published before it signs, signs until another does, and is published on
-- until every token that it signed has expired; then its row goes.
CREATE TABLE signing_keys (
  -- The thumbprint of its public half (RFC 7638), by which tokens name it.
  kid         text PRIMARY KEY CHECK (kid ~ '^[A-Za-z0-9_-]{43}$'),
  public_jwk  jsonb NOT NULL CHECK (NOT public_jwk ?| ARRAY['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']),
  -- PKCS #8, sealed.
  private_key bytea NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  -- From when it signs. No two keys begin at once, so which one signs is never in doubt.
  not_before  timestamptz NOT NULL,
  -- From when no token of it is accepted. NULL until another key is to follow it.
  retire_at   timestamptz,
  CONSTRAINT signing_keys_order UNIQUE (not_before),
  CONSTRAINT signing_keys_life CHECK (retire_at > not_before)
);

-- Out of the serving role's reach, like all credentials.
ALTER TABLE signing_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE signing_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON signing_keys TO hyvve_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE, UPDATE (retire_at) ON signing_keys TO hyvve_system;
