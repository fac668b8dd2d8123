-- Who is asked to decide, what happens while nobody does, who has to agree; and finding things in a long queue.

ALTER TABLE approval_items
  -- Anybody of this role is asked, and nobody in particular.
  ADD COLUMN assigned_role    text CHECK (assigned_role IN ('owner', 'admin')),
  -- Roles of which some have to be among those who approve: [{role, atLeast}].
  ADD COLUMN quorum_groups    jsonb NOT NULL DEFAULT '[]',
  -- Whoever asked for it may not decide on it.
  ADD COLUMN requester_barred boolean NOT NULL DEFAULT false,
  -- What happens while nobody decides, as the policy said when it was proposed: [{afterMinutes, action}]; how many of these
  -- steps were taken, and when the next one is due.
  ADD COLUMN ladder           jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN ladder_taken     smallint NOT NULL DEFAULT 0,
  ADD COLUMN ladder_at        timestamptz,
  ADD CONSTRAINT approval_items_asked CHECK (assigned_to IS NULL OR assigned_role IS NULL);
CREATE INDEX approval_items_ladder ON approval_items (ladder_at) WHERE status = 'pending' AND ladder_at IS NOT NULL;
GRANT UPDATE (assigned_role, ladder_taken, ladder_at) ON approval_items TO hyvve_app;
GRANT SELECT (ladder_at) ON approval_items TO hyvve_system;

ALTER TABLE approval_decisions
  DROP CONSTRAINT approval_decisions_outcome_check,
  ADD CONSTRAINT approval_decisions_outcome_check CHECK (outcome IN
    ('voted', 'approved', 'auto_approved', 'rejected', 'withdrawn', 'edited', 'asked', 'timed_out', 'cancelled', 'superseded',
     'assigned', 'reminded', 'reassigned', 'escalated'));
-- Whom HYVVE asks comes with the proposal, in the proposer's transaction.
CREATE POLICY app_assigned ON approval_decisions FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND outcome = 'assigned' AND actor_kind = 'system' AND actor_id IS NULL
    AND EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = approval_decisions.workspace_id AND i.id = approval_decisions.approval_id));

-- Taking turns: how many turns a role has had, locked by whoever gives the next one, and which was each person's last.
CREATE TABLE approval_rounds (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  role         text NOT NULL CHECK (role IN ('owner', 'admin')),
  turns        bigint NOT NULL CHECK (turns > 0),
  PRIMARY KEY (workspace_id, role)
);
CREATE TABLE approval_turns (
  workspace_id uuid NOT NULL,
  role         text NOT NULL,
  user_id      uuid NOT NULL,
  turn         bigint NOT NULL,
  PRIMARY KEY (workspace_id, role, user_id),
  FOREIGN KEY (workspace_id, role) REFERENCES approval_rounds ON DELETE CASCADE,
  -- Whoever comes back begins anew.
  FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_members (workspace_id, user_id) ON DELETE CASCADE
);
CREATE INDEX approval_turns_person ON approval_turns (workspace_id, user_id);
ALTER TABLE approval_rounds ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_rounds FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_turns ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_turns FORCE ROW LEVEL SECURITY;
-- Whoever proposes takes somebody's turn.
CREATE POLICY app ON approval_rounds TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin', 'member'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin', 'member'))));
CREATE POLICY app ON approval_turns TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin', 'member'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin', 'member'))));
GRANT SELECT, INSERT, UPDATE (turns) ON approval_rounds TO hyvve_app;
GRANT SELECT, INSERT, UPDATE (turn) ON approval_turns TO hyvve_app;

-- The queue by what it is of, by who proposed it, by the look that it gets, and in other orders: a page is read off an index,
-- however long the queue is. See `approvals/narrow_store.rs`. What may have no value is sorted by a CASE: to the planner a COALESCE
-- may leak, and what may leak uses no index under row-level security.
CREATE INDEX approval_items_proposer ON approval_items (workspace_id, proposer_id, created_at DESC, id DESC);
CREATE INDEX approval_items_waiting_tool ON approval_items (workspace_id, tool, created_at DESC, id DESC) WHERE status = 'pending';
CREATE INDEX approval_items_waiting_proposer ON approval_items (workspace_id, proposer_id, created_at DESC, id DESC) WHERE status = 'pending';
CREATE INDEX approval_items_waiting_review ON approval_items (workspace_id, review, created_at DESC, id DESC) WHERE status = 'pending';
CREATE INDEX approval_items_waiting_late ON approval_items (workspace_id, created_at DESC, id DESC) WHERE status = 'pending' AND ladder_taken > 0;
CREATE INDEX approval_items_waiting_due ON approval_items (workspace_id, (CASE WHEN due_at IS NULL THEN timestamptz '9999-12-31 00:00:00+00' ELSE due_at END), id) WHERE status = 'pending';
CREATE INDEX approval_items_waiting_score ON approval_items (workspace_id, (CASE WHEN score IS NULL THEN -1 ELSE score END) DESC, id DESC) WHERE status = 'pending';

-- The words of titles. An operator for texts that is not leakproof cannot use an index under row-level security; comparing
-- words as bytes can, and finds them by their beginnings.
CREATE TABLE approval_words (
  workspace_id uuid NOT NULL,
  approval_id  uuid NOT NULL,
  word         text COLLATE "C" NOT NULL,
  PRIMARY KEY (workspace_id, approval_id, word),
  FOREIGN KEY (workspace_id, approval_id) REFERENCES approval_items ON DELETE CASCADE
);
CREATE INDEX approval_words_found ON approval_words (workspace_id, word, approval_id);
ALTER TABLE approval_words ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_words FORCE ROW LEVEL SECURITY;
-- They lead to items, which have a policy of their own.
CREATE POLICY app_read ON approval_words FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin', 'member'))));
CREATE POLICY app_append ON approval_words FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) IN ('agent', 'user', 'system'));
GRANT SELECT, INSERT ON approval_words TO hyvve_app;

-- The same for titles and for what somebody looks for.
CREATE FUNCTION approval_words(words text) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT COALESCE(array_agg(DISTINCT left(word, 64)), '{}') FROM regexp_split_to_table(lower(words), '[^[:alnum:]]+') AS word WHERE word <> ''
$$;
CREATE FUNCTION approval_titled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO approval_words (workspace_id, approval_id, word) SELECT NEW.workspace_id, NEW.id, unnest(approval_words(NEW.title));
  RETURN NULL;
END $$;
CREATE TRIGGER approval_titled AFTER INSERT ON approval_items FOR EACH ROW EXECUTE FUNCTION approval_titled();

-- What is there already; as in 0009, not forced on the owner for this one statement.
ALTER TABLE approval_items NO FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_words NO FORCE ROW LEVEL SECURITY;
INSERT INTO approval_words (workspace_id, approval_id, word) SELECT workspace_id, id, unnest(approval_words(title)) FROM approval_items;
ALTER TABLE approval_items FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_words FORCE ROW LEVEL SECURITY;

-- What somebody looks for again and again: each person's own, in one workspace.
CREATE TABLE approval_filters (
  workspace_id uuid NOT NULL,
  id           uuid NOT NULL,
  user_id      uuid NOT NULL,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  -- {status, type, agent, …}, as REST takes it.
  query        jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CONSTRAINT approval_filters_name_key UNIQUE (workspace_id, user_id, name),
  FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_members (workspace_id, user_id) ON DELETE CASCADE
);
ALTER TABLE approval_filters ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_filters FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON approval_filters TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND user_id = (SELECT ctx.user_id()))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND user_id = (SELECT ctx.user_id()));
GRANT SELECT, INSERT, DELETE, UPDATE (name, query) ON approval_filters TO hyvve_app;

-- Who has which card open, as far as was said within the last half minute. No event of record: it may be lost.
CREATE UNLOGGED TABLE approval_presence (
  workspace_id uuid NOT NULL,
  approval_id  uuid NOT NULL,
  user_id      uuid NOT NULL,
  -- One of a person's open cards.
  tab          text NOT NULL CHECK (length(tab) BETWEEN 1 AND 64),
  until        timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, approval_id, user_id, tab),
  FOREIGN KEY (workspace_id, approval_id) REFERENCES approval_items ON DELETE CASCADE,
  FOREIGN KEY (workspace_id, user_id) REFERENCES workspace_members (workspace_id, user_id) ON DELETE CASCADE
);
CREATE INDEX approval_presence_person ON approval_presence (workspace_id, user_id, until);
CREATE INDEX approval_presence_over ON approval_presence (until);
ALTER TABLE approval_presence ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_presence FORCE ROW LEVEL SECURITY;
-- Whoever sees the card sees who else has it open, and says so for himself or herself alone.
CREATE POLICY app_read ON approval_presence FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace())
  AND EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = approval_presence.workspace_id AND i.id = approval_presence.approval_id));
CREATE POLICY app_come ON approval_presence FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND user_id = (SELECT ctx.user_id())
    AND EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = approval_presence.workspace_id AND i.id = approval_presence.approval_id));
CREATE POLICY app_stay ON approval_presence FOR UPDATE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND user_id = (SELECT ctx.user_id()))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app_leave ON approval_presence FOR DELETE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND user_id = (SELECT ctx.user_id()));
CREATE POLICY system_purge ON approval_presence FOR DELETE TO hyvve_system USING (until < now());
CREATE POLICY system_scan ON approval_presence FOR SELECT TO hyvve_system USING (true);
GRANT SELECT, INSERT, DELETE, UPDATE (until) ON approval_presence TO hyvve_app;
GRANT SELECT (until), DELETE ON approval_presence TO hyvve_system;
