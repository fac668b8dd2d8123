-- The queue in depth: who looks at an item and until when, how many have to agree, changes before approval, questions and talk.

ALTER TABLE approval_items
  -- How many people have to approve.
  ADD COLUMN quorum        smallint NOT NULL DEFAULT 1 CHECK (quorum BETWEEN 1 AND 10),
  -- Out of sight until then.
  ADD COLUMN snoozed_until timestamptz,
  -- The item that a person changed into this one, and who.
  ADD COLUMN edited_from   uuid,
  ADD COLUMN edited_by     uuid REFERENCES users,
  ADD CONSTRAINT approval_items_edited CHECK ((edited_from IS NULL) = (edited_by IS NULL));
CREATE INDEX approval_items_edited_from ON approval_items (workspace_id, edited_from) WHERE edited_from IS NOT NULL;
CREATE INDEX approval_items_edited_by ON approval_items (edited_by) WHERE edited_by IS NOT NULL;
CREATE INDEX approval_items_mine ON approval_items (workspace_id, assigned_to, created_at DESC) WHERE status = 'pending' AND assigned_to IS NOT NULL;
GRANT UPDATE (snoozed_until) ON approval_items TO hyvve_app;
GRANT SELECT (due_at) ON approval_items TO hyvve_system;

ALTER TABLE approval_decisions
  DROP CONSTRAINT approval_decisions_outcome_check,
  ADD CONSTRAINT approval_decisions_outcome_check CHECK (outcome IN
    ('voted', 'approved', 'auto_approved', 'rejected', 'withdrawn', 'edited', 'asked', 'timed_out', 'cancelled', 'superseded'));

-- {quorum, dueMinutes}
ALTER TABLE approval_policies ADD COLUMN handling jsonb NOT NULL DEFAULT '{}';

CREATE TABLE approval_comments (
  workspace_id uuid NOT NULL,
  id           uuid NOT NULL,
  approval_id  uuid NOT NULL,
  author_id    uuid NOT NULL REFERENCES users,
  body         text NOT NULL CHECK (length(body) BETWEEN 1 AND 4000),
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, approval_id) REFERENCES approval_items ON DELETE CASCADE
);
CREATE INDEX approval_comments_item ON approval_comments (workspace_id, approval_id, created_at);
CREATE INDEX approval_comments_author ON approval_comments (author_id);
ALTER TABLE approval_comments ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_comments FORCE ROW LEVEL SECURITY;
-- Whoever sees the item sees the talk about it, and may take part in it.
CREATE POLICY app_read ON approval_comments FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace())
  AND EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = approval_comments.workspace_id AND i.id = approval_comments.approval_id));
CREATE POLICY app_append ON approval_comments FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND author_id = (SELECT ctx.user_id())
    AND EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = approval_comments.workspace_id AND i.id = approval_comments.approval_id));
GRANT SELECT, INSERT ON approval_comments TO hyvve_app;
