-- Events say how their payload reads, they are found by when they happened, and a webhook can be told once more of some types only.

-- What was written before there were versions reads as the first ones do.
ALTER TABLE events ADD COLUMN version smallint NOT NULL DEFAULT 1 CHECK (version > 0);
CREATE INDEX events_time ON events (workspace_id, created_at);

-- As in 0009, and with versions. A server of the version before says none.
CREATE OR REPLACE FUNCTION append_numbered(packed bytea) RETURNS void LANGUAGE plpgsql AS $$
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
  INSERT INTO events (workspace_id, seq, id, type, version, subject_kind, subject_id, payload, audience, created_at)
  SELECT tenant, head.event_seq + e.n, (e.value->>'id')::uuid, e.value->>'type', COALESCE((e.value->>'version')::smallint, 1),
         e.value->>'subject_kind', (e.value->>'subject_id')::uuid, e.value->'payload', (e.value->>'audience')::uuid, moment
  FROM jsonb_array_elements(what->'events') WITH ORDINALITY AS e (value, n);
  UPDATE workspace_heads
  SET event_seq = head.event_seq + jsonb_array_length(what->'events'), audit_seq = seq, audit_hash = prev
  WHERE workspace_id = tenant;
END $$;

-- Events up to this one are told once more, of these types (or beginnings of such; none: all) that the endpoint hears of.
ALTER TABLE webhook_endpoints
  ADD COLUMN replay_until  bigint NOT NULL DEFAULT 0,
  ADD COLUMN replay_events text[] NOT NULL DEFAULT '{}';
GRANT UPDATE (replay_until, replay_events) ON webhook_endpoints TO hyvve_app;
