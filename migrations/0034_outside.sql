-- Proposals of outside agents: programs that do themselves what people have approved here, and say what became of it.

-- What an outside agent said with its proposal. What it wants to do stands in the item's bytes.
CREATE TABLE outside_items (
  workspace_id uuid NOT NULL,
  approval_id  uuid NOT NULL,
  -- How sure it says it is, in percent; nobody checked it.
  confidence   smallint CHECK (confidence BETWEEN 0 AND 100),
  -- The decisions that it understands.
  allowed      text[] NOT NULL CHECK (allowed <@ ARRAY['approve', 'edit', 'reject', 'respond']),
  PRIMARY KEY (workspace_id, approval_id),
  FOREIGN KEY (workspace_id, approval_id) REFERENCES approval_items ON DELETE CASCADE
);
ALTER TABLE outside_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE outside_items FORCE ROW LEVEL SECURITY;
-- Whoever sees the item sees this. It comes with the item, and with the one that a decider makes of it.
CREATE POLICY app_read ON outside_items FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace())
  AND EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = outside_items.workspace_id AND i.id = outside_items.approval_id));
CREATE POLICY app_append ON outside_items FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user'
    AND EXISTS (SELECT 1 FROM approval_items i WHERE i.workspace_id = outside_items.workspace_id AND i.id = outside_items.approval_id));
GRANT SELECT, INSERT ON outside_items TO hyvve_app;

-- Requests that came with a key, and their first reply: who sends one again gets that. Kept for 24 hours.
CREATE TABLE idempotency_keys (
  -- SHA-256 of person, workspace and key: what clients call it is kept nowhere.
  name       bytea PRIMARY KEY CHECK (length(name) = 32),
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  -- SHA-256 of method, address and body.
  request    bytea NOT NULL CHECK (length(request) = 32),
  -- Whoever carries it out; its transactions do not commit without this.
  claim      uuid NOT NULL,
  -- Something of it is committed.
  committed  boolean NOT NULL DEFAULT false,
  -- Sealed by a master key: a reply may show a secret. NULL: it is being carried out.
  reply      bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  claimed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX idempotency_keys_user ON idempotency_keys (user_id);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
-- A transaction of the request marks its own key as it commits; some of them HYVVE does for the person.
CREATE POLICY app_read ON idempotency_keys FOR SELECT TO hyvve_app
  USING (user_id = (SELECT ctx.user_id()) OR (SELECT ctx.is_system()));
CREATE POLICY app_mark ON idempotency_keys FOR UPDATE TO hyvve_app
  USING (user_id = (SELECT ctx.user_id()) OR (SELECT ctx.is_system()));
CREATE POLICY system ON idempotency_keys TO hyvve_system USING (true) WITH CHECK (true);
GRANT SELECT (name, claim), UPDATE (committed) ON idempotency_keys TO hyvve_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO hyvve_system;

-- Interrupts of LangChain: several actions that are asked about together, and answered together.
CREATE TABLE inbox_interrupts (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  -- Whose words the answer is in: an older interrupt, a list of those, or a newer one.
  form         text NOT NULL CHECK (form IN ('one', 'list', 'newer')),
  created_by   uuid NOT NULL REFERENCES users,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX inbox_interrupts_person ON inbox_interrupts (created_by);
ALTER TABLE inbox_interrupts ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbox_interrupts FORCE ROW LEVEL SECURITY;
-- Whoever would see its items.
CREATE POLICY app_read ON inbox_interrupts FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND (
    (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))
    OR ((SELECT ctx.role_in('member')) AND created_by = (SELECT ctx.user_id()))));
CREATE POLICY app_append ON inbox_interrupts FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND created_by = (SELECT ctx.user_id()));
GRANT SELECT, INSERT ON inbox_interrupts TO hyvve_app;

ALTER TABLE outside_items
  -- The interrupt that it is of, and its place there.
  ADD COLUMN interrupt_id uuid,
  ADD COLUMN position     smallint,
  -- JSON Schema of the arguments, for whoever changes them.
  ADD COLUMN args_schema  jsonb,
  ADD CONSTRAINT outside_items_interrupt FOREIGN KEY (workspace_id, interrupt_id) REFERENCES inbox_interrupts ON DELETE CASCADE,
  ADD CONSTRAINT outside_items_place CHECK ((interrupt_id IS NULL) = (position IS NULL));
CREATE UNIQUE INDEX outside_items_places ON outside_items (workspace_id, interrupt_id, position) WHERE interrupt_id IS NOT NULL;
