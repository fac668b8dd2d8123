-- What happened: the audit log (for people, tamper-evident) and the outbox (for programs, replayable).
--
-- Both are numbered per workspace from its one row in `workspace_heads`, which every writer locks last in its transaction.
-- So numbers commit in order: a reader that has seen number n will never find a smaller one later.

CREATE TABLE workspace_heads (
  workspace_id uuid PRIMARY KEY REFERENCES workspaces ON DELETE CASCADE,
  event_seq    bigint NOT NULL DEFAULT 0,
  audit_seq    bigint NOT NULL DEFAULT 0,
  -- SHA-256 of the newest audit row; 32 zero bytes before the first.
  audit_hash   bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(audit_hash) = 32)
);

-- Append-only: the serving role may insert and read, nobody but the owner could change a row, and then the chain breaks.
CREATE TABLE audit_log (
  workspace_id  uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  seq           bigint NOT NULL,
  at            timestamptz NOT NULL,
  actor_kind    text NOT NULL CHECK (actor_kind IN ('user', 'agent', 'system')),
  actor_id      uuid,
  action        text NOT NULL,
  subject_kind  text NOT NULL,
  subject_id    uuid,
  details       jsonb NOT NULL,
  -- SHA-256 over salt and canonical JSON of the row's entry in audit_personal, if it has one.
  personal_hash bytea,
  prev_hash     bytea NOT NULL CHECK (length(prev_hash) = 32),
  hash          bytea NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (workspace_id, seq)
);
CREATE INDEX audit_log_subject ON audit_log (workspace_id, subject_kind, subject_id);

-- Personal data of an audit row (network address, free text): erasable without breaking the chain.
CREATE TABLE audit_personal (
  workspace_id uuid NOT NULL,
  seq          bigint NOT NULL,
  salt         bytea NOT NULL,
  data         jsonb NOT NULL,
  PRIMARY KEY (workspace_id, seq),
  FOREIGN KEY (workspace_id, seq) REFERENCES audit_log ON DELETE CASCADE
);

-- The transactional outbox, kept for 30 days.
CREATE TABLE events (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  seq          bigint NOT NULL,
  id           uuid NOT NULL,
  type         text NOT NULL,
  subject_kind text NOT NULL,
  subject_id   uuid,
  payload      jsonb NOT NULL,
  -- Only this person, owners and admins may see it; NULL: every member.
  audience     uuid,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, seq)
);
CREATE INDEX events_age ON events (created_at);

ALTER TABLE workspace_heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE workspace_heads FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_personal ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_personal FORCE ROW LEVEL SECURITY;
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;

CREATE POLICY app ON workspace_heads TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())) WITH CHECK (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY system_read ON workspace_heads FOR SELECT TO hyvve_system USING (true);

CREATE POLICY app_append ON audit_log FOR INSERT TO hyvve_app WITH CHECK (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app_read ON audit_log FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY system_read ON audit_log FOR SELECT TO hyvve_system USING (true);

CREATE POLICY app_append ON audit_personal FOR INSERT TO hyvve_app WITH CHECK (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app_read ON audit_personal FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY system_read ON audit_personal FOR SELECT TO hyvve_system USING (true);

CREATE POLICY app_append ON events FOR INSERT TO hyvve_app WITH CHECK (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app_read ON events FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND (audience IS NULL OR audience = (SELECT ctx.user_id()) OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY system ON events TO hyvve_system USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE ON workspace_heads TO hyvve_app;
GRANT SELECT, INSERT ON audit_log, audit_personal, events TO hyvve_app;
GRANT SELECT ON workspace_heads, audit_log, audit_personal TO hyvve_system;
GRANT SELECT, DELETE ON events TO hyvve_system;
