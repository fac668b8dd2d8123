-- The event bus: who has dealt with which events, and events that somebody could not deal with.

-- A consumer hears of what happens from when it first ran; in workspaces that were made later, of everything.
CREATE TABLE event_groups (
  name  text PRIMARY KEY,
  since timestamptz NOT NULL DEFAULT now()
);

-- How far a consumer has come in a workspace. The row is locked while events are dealt with and moves on in the same transaction, so
-- each event takes effect once, in order, whoever hears of it how often.
CREATE TABLE event_consumers (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  consumer     text NOT NULL,
  -- Events up to this one have taken effect, or are dead letters.
  done_seq     bigint NOT NULL,
  -- How often the next one was tried in vain, and until when it is not tried again.
  tries        integer NOT NULL DEFAULT 0,
  due_at       timestamptz,
  PRIMARY KEY (workspace_id, consumer)
);

-- Events with which a consumer could not deal. They keep what happened: the outbox forgets after 30 days.
CREATE TABLE event_dead_letters (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  consumer     text NOT NULL,
  event_id     uuid NOT NULL,
  event        jsonb NOT NULL,
  -- What went wrong last, in words that may be shown.
  error        text NOT NULL CHECK (length(error) <= 1000),
  tries        integer NOT NULL,
  died_at      timestamptz NOT NULL DEFAULT now(),
  -- Somebody has it tried again; NULL: it rests.
  due_at       timestamptz,
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT event_dead_letters_once UNIQUE (workspace_id, consumer, event_id)
);
CREATE INDEX event_dead_letters_list ON event_dead_letters (workspace_id, died_at DESC, id DESC);
CREATE INDEX event_dead_letters_due ON event_dead_letters (consumer, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX event_dead_letters_age ON event_dead_letters (died_at);

ALTER TABLE event_groups ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_groups FORCE ROW LEVEL SECURITY;
ALTER TABLE event_consumers ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_consumers FORCE ROW LEVEL SECURITY;
ALTER TABLE event_dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE event_dead_letters FORCE ROW LEVEL SECURITY;

CREATE POLICY system ON event_groups TO hyvve_system USING (true) WITH CHECK (true);

-- HYVVE itself alone.
CREATE POLICY app ON event_consumers TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()));
-- Owners, admins, and HYVVE itself.
CREATE POLICY app ON event_dead_letters TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));
-- In which workspaces something is to be done is looked for in all of them; what it is, inside each. And what is old goes.
CREATE POLICY system ON event_consumers TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON event_dead_letters TO hyvve_system USING (true) WITH CHECK (true);

GRANT SELECT, INSERT ON event_groups TO hyvve_system;
GRANT SELECT, INSERT ON event_consumers TO hyvve_system;
GRANT SELECT, INSERT, UPDATE (done_seq, tries, due_at) ON event_consumers TO hyvve_app;
GRANT SELECT, INSERT, DELETE, UPDATE (error, tries, died_at, due_at) ON event_dead_letters TO hyvve_app;
GRANT SELECT (workspace_id, consumer, died_at, due_at), DELETE ON event_dead_letters TO hyvve_system;
