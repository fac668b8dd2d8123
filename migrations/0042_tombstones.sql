-- What HYVVE says itself of a workspace that it purged: where its audit log ended, signed with the audit key. Anchors outside the
-- database outlive the workspace; without such a word, one that was anchored and is gone was removed by somebody else.
-- It belongs to no tenant any more, and holds nothing of the workspace but its id. All nodes read it; nobody changes it.
CREATE TABLE audit_tombstones (
  workspace uuid PRIMARY KEY,
  -- The number and the hash of the newest row that went with it.
  seq       bigint NOT NULL CHECK (seq >= 0),
  hash      bytea NOT NULL CHECK (length(hash) = 32),
  purged_at timestamptz NOT NULL,
  signature bytea NOT NULL
);
ALTER TABLE audit_tombstones ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_tombstones FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON audit_tombstones TO hyvve_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON audit_tombstones TO hyvve_system;
