-- An account that ends takes along what audit logs hold of its person beside the acts: network addresses, browsers, addresses, notes. The
-- acts stay, under no name, and the chain holds: it has only hashes of what goes.

-- HYVVE erases what is of people whose accounts have ended (what is left of their addresses has no `@`), and addresses that were
-- invited; nothing else.
CREATE POLICY system_erase ON audit_personal FOR DELETE TO hyvve_system USING (EXISTS (
  SELECT 1 FROM audit_log l WHERE l.workspace_id = audit_personal.workspace_id AND l.seq = audit_personal.seq
    AND (l.subject_kind = 'invitation' OR EXISTS (
      SELECT 1 FROM users u WHERE u.email NOT LIKE '%@%'
        AND u.id = CASE WHEN l.actor_kind = 'user' THEN l.actor_id WHEN l.subject_kind = 'user' THEN l.subject_id END))));
GRANT DELETE ON audit_personal TO hyvve_system;

-- Over all workspaces: what a person did, what befell a person at the hands of nobody known, and who was invited.
CREATE INDEX audit_log_person ON audit_log (actor_id) WHERE actor_kind = 'user';
CREATE INDEX audit_log_befallen ON audit_log (subject_id) WHERE actor_kind = 'system' AND subject_kind = 'user';
CREATE INDEX audit_log_invited ON audit_log (workspace_id, seq) WHERE subject_kind = 'invitation';
-- What requests wrote that were on their way is looked for every hour.
CREATE INDEX users_ended ON users (updated_at) WHERE email NOT LIKE '%@%';

-- What accounts left behind that ended before. Policies hold for the schema's owner as well, so they are put aside for the look at all
-- tenants.
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_personal NO FORCE ROW LEVEL SECURITY;
DELETE FROM audit_personal WHERE (workspace_id, seq) IN (
  SELECT l.workspace_id, l.seq FROM users u JOIN audit_log l ON l.actor_kind = 'user' AND l.actor_id = u.id
  WHERE u.email NOT LIKE '%@%'
  UNION ALL
  SELECT l.workspace_id, l.seq FROM users u JOIN audit_log l ON l.actor_kind = 'system' AND l.subject_kind = 'user' AND l.subject_id = u.id
  WHERE u.email NOT LIKE '%@%'
  UNION ALL
  SELECT l.workspace_id, l.seq
  FROM users u
  JOIN audit_log j ON j.actor_kind = 'user' AND j.actor_id = u.id AND j.action = 'workspace.member.joined'
  JOIN audit_log l ON l.workspace_id = j.workspace_id AND l.subject_kind = 'invitation' AND l.subject_id::text = j.details->>'invitation'
  WHERE u.email NOT LIKE '%@%');
ALTER TABLE users FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_personal FORCE ROW LEVEL SECURITY;
