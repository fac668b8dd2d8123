-- What keeps its speed when there is much of it: numbers of the queue that nobody has to count, an index for ending a run's
-- items, and audit entries and events that are numbered on the way to the commit.

-- Ending a run looks for its waiting items; deleting one, for all of them.
CREATE INDEX approval_items_run ON approval_items (workspace_id, run_id) WHERE run_id IS NOT NULL;

-- How many items of each kind there are. Counting a million rows takes as long as reading them; this is read at once.
-- It moves in the transaction that moves an item, so it is never behind.
CREATE TABLE approval_counts (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  status       text NOT NULL,
  tool         text NOT NULL,
  items        bigint NOT NULL CHECK (items >= 0),
  PRIMARY KEY (workspace_id, status, tool)
);

ALTER TABLE approval_counts ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_counts FORCE ROW LEVEL SECURITY;

CREATE POLICY app ON approval_counts TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())) WITH CHECK (workspace_id = (SELECT ctx.workspace()));
GRANT SELECT, INSERT, UPDATE ON approval_counts TO hyvve_app;

CREATE FUNCTION approval_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    UPDATE approval_counts SET items = items - 1
    WHERE workspace_id = OLD.workspace_id AND status = OLD.status AND tool = OLD.tool;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO approval_counts (workspace_id, status, tool, items) VALUES (NEW.workspace_id, NEW.status, NEW.tool, 1)
    ON CONFLICT (workspace_id, status, tool) DO UPDATE SET items = approval_counts.items + 1;
  END IF;
  RETURN NULL;
END $$;

-- At commit: by then the transaction holds its workspace's head, so that two of them never wait for each other's counts.
CREATE CONSTRAINT TRIGGER approval_counted AFTER INSERT OR UPDATE OF status OR DELETE ON approval_items
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION approval_counted();

-- What is there already. The owner sees no tenant's rows, so for this one statement the table's lock is held and its
-- security is not forced on its owner.
ALTER TABLE approval_items NO FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_counts NO FORCE ROW LEVEL SECURITY;
INSERT INTO approval_counts (workspace_id, status, tool, items)
SELECT workspace_id, status, tool, count(*) FROM approval_items GROUP BY workspace_id, status, tool;
ALTER TABLE approval_items FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_counts FORCE ROW LEVEL SECURITY;

-- Numbers audit entries and events, chains the entries, and moves the head. It is sent in one message with COMMIT, so that
-- the head is locked for as long as PostgreSQL needs, and never while it waits for whoever is writing.
--
-- What is to be written comes as JSON in UTF-8 (see `heads.rs`). An entry's hash covers its canonical JSON, in which "prev" and
-- "seq" stand side by side; the writer cannot know them, and sends what is before and after them.
CREATE FUNCTION append_numbered(packed bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  what   jsonb := convert_from(packed, 'UTF8')::jsonb;
  tenant uuid := (what->>'workspace')::uuid;
  moment timestamptz := timestamptz 'epoch' + (what->>'at_us')::bigint * interval '1 microsecond';
  head   record;
  entry  jsonb;
  prev   bytea;
  hash   bytea;
  seq    bigint;
BEGIN
  SELECT h.event_seq, h.audit_seq, h.audit_hash INTO STRICT head FROM workspace_heads h WHERE h.workspace_id = tenant FOR UPDATE;
  seq := head.audit_seq;
  prev := head.audit_hash;
  FOR n IN 0 .. jsonb_array_length(what->'entries') - 1 LOOP
    entry := what->'entries'->n;
    seq := seq + 1;
    hash := sha256(convert_to((entry->>'before') || encode(prev, 'hex') || '","seq":' || seq || (entry->>'after'), 'UTF8'));
    INSERT INTO audit_log (workspace_id, seq, at, actor_kind, actor_id, action, subject_kind, subject_id, details, personal_hash, prev_hash, hash)
    VALUES (tenant, seq, moment, what->>'actor_kind', (what->>'actor_id')::uuid, entry->>'action', entry->>'subject_kind',
            (entry->>'subject_id')::uuid, entry->'details', decode(entry->>'personal_hash', 'hex'), prev, hash);
    IF entry->>'salt' IS NOT NULL THEN
      INSERT INTO audit_personal (workspace_id, seq, salt, data)
      VALUES (tenant, seq, decode(entry->>'salt', 'hex'), entry->'personal');
    END IF;
    prev := hash;
  END LOOP;
  INSERT INTO events (workspace_id, seq, id, type, subject_kind, subject_id, payload, audience, created_at)
  SELECT tenant, head.event_seq + e.n, (e.value->>'id')::uuid, e.value->>'type', e.value->>'subject_kind',
         (e.value->>'subject_id')::uuid, e.value->'payload', (e.value->>'audience')::uuid, moment
  FROM jsonb_array_elements(what->'events') WITH ORDINALITY AS e (value, n);
  UPDATE workspace_heads
  SET event_seq = head.event_seq + jsonb_array_length(what->'events'), audit_seq = seq, audit_hash = prev
  WHERE workspace_id = tenant;
END $$;
REVOKE EXECUTE ON FUNCTION append_numbered FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append_numbered TO hyvve_app;
