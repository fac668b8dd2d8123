-- Jobs: what is to be done at some time. The library graphile_worker keeps them in the schema `jobs`, which its own migrations have
-- made before this one (`hyvve-jobs`), and gives them to nodes. A job is put in place here, by the row that it is about: in the
-- transaction that writes the row, so that neither is there without the other.

-- The worker is hyvve_system. The serving role gets nothing here, not even the schema.
GRANT USAGE ON SCHEMA jobs TO hyvve_system;
GRANT SELECT ON jobs.migrations TO hyvve_system;
GRANT SELECT, INSERT ON jobs._private_tasks TO hyvve_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs._private_jobs, jobs._private_job_queues, jobs._private_job_retirements,
  jobs._private_known_crontabs, jobs._private_workers TO hyvve_system;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO hyvve_system;

-- Row-level security as everywhere. The owner is the library when it migrates, and the functions below.
DO $$
DECLARE
  its_table regclass;
BEGIN
  FOR its_table IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'jobs'::regnamespace AND relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', its_table);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', its_table);
    EXECUTE format('CREATE POLICY worker ON %s TO hyvve_owner, hyvve_system USING (true) WITH CHECK (true)', its_table);
  END LOOP;
END $$;

-- Kinds of jobs that rows put in place. What recurs is added by the worker.
INSERT INTO jobs._private_tasks (identifier) VALUES ('letter'), ('time_out'), ('step'), ('webhook'), ('digest'), ('hook');

-- Lets a row have exactly one job of a kind: at that time, or, without a time, none. Its payload names the row, and nothing else.
-- With `several` it is something that has more than one thing to do, and a job that is due sooner stays. Jobs of one endpoint are worked
-- on one after the other, and so are those of a quarter of a workspace's people: what hangs holds up nobody else's.
--
-- This is the library's add_job, but for NOTIFY, which would let every transaction in the database commit one after the other;
-- workers look every second instead. A job that is being worked on has begun before this change, so it is let go of (it is not
-- tried again, whatever comes of it) and another one takes its place; one that is not is locked, so that nobody begins meanwhile.
CREATE FUNCTION job_at(kind text, workspace uuid, row_id uuid, due_at timestamptz, several boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  its_key CONSTANT text := concat_ws(':', kind, workspace, row_id);
  its_queue CONSTANT text := CASE kind WHEN 'webhook' THEN its_key
    WHEN 'hook' THEN concat_ws(':', kind, workspace, abs(hashtext(row_id::text) % 4)) END;
BEGIN
  IF due_at IS NULL THEN
    PERFORM jobs.remove_job(its_key);
    RETURN;
  END IF;
  IF its_queue IS NOT NULL THEN
    INSERT INTO jobs._private_job_queues (queue_name) SELECT its_queue
      WHERE NOT EXISTS (SELECT 1 FROM jobs._private_job_queues AS other WHERE other.queue_name = its_queue) ON CONFLICT DO NOTHING;
  END IF;
LOOP
    PERFORM 1 FROM jobs._private_jobs AS job WHERE job.key = its_key FOR UPDATE;
    WITH retired AS (
      UPDATE jobs._private_jobs AS job SET key = NULL, attempts = job.max_attempts, updated_at = now()
      WHERE job.key = its_key AND job.locked_at IS NOT NULL RETURNING job.id)
    INSERT INTO jobs._private_job_retirements (id) SELECT retired.id FROM retired ON CONFLICT DO NOTHING;
    INSERT INTO jobs._private_jobs AS job (task_id, job_queue_id, key, payload, run_at)
    VALUES ((SELECT task.id FROM jobs._private_tasks AS task WHERE task.identifier = kind),
            (SELECT queue.id FROM jobs._private_job_queues AS queue WHERE queue.queue_name = its_queue),
            its_key, json_build_object('workspace', workspace, 'id', row_id), job_at.due_at)
    ON CONFLICT (key) DO UPDATE SET
      run_at = CASE WHEN several THEN least(job.run_at, excluded.run_at) ELSE excluded.run_at END,
      payload = excluded.payload, job_queue_id = excluded.job_queue_id,
      attempts = 0, last_error = NULL, revision = job.revision + 1, updated_at = now()
    WHERE job.locked_at IS NULL;
    -- One that somebody else had just put in place may have been begun since: then it is looked for once more.
    EXIT WHEN FOUND;
  END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION job_at(text, uuid, uuid, timestamptz, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION job_at(text, uuid, uuid, timestamptz, boolean) TO hyvve_system;

-- Letters: a job while they wait. One that is found 'sending' was in the hands of a server that stopped.
CREATE FUNCTION letter_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.job_at('letter', NULL, NEW.id, NEW.due_at);
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION letter_job() FROM PUBLIC;
CREATE TRIGGER letter_posted AFTER INSERT ON letters FOR EACH ROW WHEN (NEW.state = 'waiting') EXECUTE FUNCTION letter_job();
CREATE TRIGGER letter_put_off AFTER UPDATE OF state, due_at ON letters FOR EACH ROW WHEN (NEW.state = 'waiting') EXECUTE FUNCTION letter_job();

-- Approvals: while somebody has to decide, one at the moment when it is over, and one when the policy's next step is due.
CREATE FUNCTION approval_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM public.job_at(TG_ARGV[0], OLD.workspace_id, OLD.id, NULL);
  ELSE
    PERFORM public.job_at(TG_ARGV[0], NEW.workspace_id, NEW.id, CASE WHEN NEW.status <> 'pending' THEN NULL
      WHEN TG_ARGV[0] = 'time_out' THEN NEW.due_at ELSE NEW.ladder_at END);
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION approval_job() FROM PUBLIC;
CREATE TRIGGER approval_time_out_made AFTER INSERT ON approval_items FOR EACH ROW
  WHEN (NEW.status = 'pending' AND NEW.due_at IS NOT NULL) EXECUTE FUNCTION approval_job('time_out');
CREATE TRIGGER approval_time_out_moved AFTER UPDATE OF status, due_at ON approval_items FOR EACH ROW
  WHEN ((CASE WHEN OLD.status = 'pending' THEN OLD.due_at END) IS DISTINCT FROM (CASE WHEN NEW.status = 'pending' THEN NEW.due_at END))
  EXECUTE FUNCTION approval_job('time_out');
CREATE TRIGGER approval_time_out_gone AFTER DELETE ON approval_items FOR EACH ROW
  WHEN (OLD.status = 'pending' AND OLD.due_at IS NOT NULL) EXECUTE FUNCTION approval_job('time_out');
CREATE TRIGGER approval_step_made AFTER INSERT ON approval_items FOR EACH ROW
  WHEN (NEW.status = 'pending' AND NEW.ladder_at IS NOT NULL) EXECUTE FUNCTION approval_job('step');
CREATE TRIGGER approval_step_moved AFTER UPDATE OF status, ladder_at ON approval_items FOR EACH ROW
  WHEN ((CASE WHEN OLD.status = 'pending' THEN OLD.ladder_at END) IS DISTINCT FROM (CASE WHEN NEW.status = 'pending' THEN NEW.ladder_at END))
  EXECUTE FUNCTION approval_job('step');
CREATE TRIGGER approval_step_gone AFTER DELETE ON approval_items FOR EACH ROW
  WHEN (OLD.status = 'pending' AND OLD.ladder_at IS NOT NULL) EXECUTE FUNCTION approval_job('step');

-- Webhooks: an endpoint has a job when the next of its deliveries is due. Claiming one, and putting it off, needs none: whoever does so
-- is the job, and lets the endpoint have the next one when it ends.
CREATE FUNCTION deliveries_made() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.job_at('webhook', soonest.workspace_id, soonest.endpoint_id, soonest.due_at, true) FROM (
    SELECT made.workspace_id, made.endpoint_id, min(made.due_at) AS due_at FROM made WHERE made.state = 'waiting'
    GROUP BY made.workspace_id, made.endpoint_id) AS soonest;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION deliveries_made() FROM PUBLIC;
CREATE TRIGGER webhook_deliveries_made AFTER INSERT ON webhook_deliveries REFERENCING NEW TABLE AS made FOR EACH STATEMENT
  EXECUTE FUNCTION deliveries_made();
CREATE FUNCTION delivery_sooner() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.job_at('webhook', NEW.workspace_id, NEW.endpoint_id, NEW.due_at, true);
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION delivery_sooner() FROM PUBLIC;
CREATE TRIGGER webhook_delivery_sooner AFTER UPDATE OF state, due_at ON webhook_deliveries FOR EACH ROW
  WHEN (NEW.state = 'waiting' AND (OLD.state <> 'waiting' OR NEW.due_at < OLD.due_at)) EXECUTE FUNCTION delivery_sooner();

-- Notifications: a person has a job when the next digest is due, and one when the next message to his or her own webhook is.
CREATE FUNCTION notification_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM public.job_at(TG_ARGV[0], NEW.workspace_id, NEW.recipient_id,
    CASE TG_ARGV[0] WHEN 'digest' THEN NEW.digest_at ELSE NEW.hook_at END, true);
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION notification_job() FROM PUBLIC;
CREATE TRIGGER notification_digest_sooner AFTER UPDATE OF digest_at ON notifications FOR EACH ROW
  WHEN (NEW.digest_at IS NOT NULL AND (OLD.digest_at IS NULL OR NEW.digest_at < OLD.digest_at)) EXECUTE FUNCTION notification_job('digest');
CREATE TRIGGER notification_hook_sooner AFTER UPDATE OF hook_at ON notifications FOR EACH ROW
  WHEN (NEW.hook_at IS NOT NULL AND (OLD.hook_at IS NULL OR NEW.hook_at < OLD.hook_at)) EXECUTE FUNCTION notification_job('hook');
-- What is due is looked for one person at a time.
DROP INDEX notifications_digests, notifications_hooks;
CREATE INDEX notifications_digests ON notifications (workspace_id, recipient_id, digest_at) WHERE digest_at IS NOT NULL;
CREATE INDEX notifications_hooks ON notifications (workspace_id, recipient_id, hook_at) WHERE hook_at IS NOT NULL;

-- In a deleted workspace nothing is done: jobs that are due there end. If it is had back, what waits has jobs again. Whoever serves puts
-- jobs in place only so: of the workspace that it serves, and takes none away.
CREATE FUNCTION job_again(kind text, row_id uuid, due_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF job_again.due_at IS NOT NULL AND ctx.workspace() IS NOT NULL THEN
    PERFORM public.job_at(kind, ctx.workspace(), row_id, job_again.due_at, true);
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION job_again(text, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION job_again(text, uuid, timestamptz) TO hyvve_app;
CREATE FUNCTION workspace_jobs() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asking CONSTANT text := ctx.kind();
BEGIN
  -- Whoever has it back sees nobody else's notifications.
  PERFORM set_config('hyvve.kind', 'system', true);
  PERFORM public.job_again('time_out', item.id, item.due_at) FROM public.approval_items AS item
    WHERE item.workspace_id = NEW.id AND item.status = 'pending' AND item.due_at IS NOT NULL;
  PERFORM public.job_again('step', item.id, item.ladder_at) FROM public.approval_items AS item
    WHERE item.workspace_id = NEW.id AND item.status = 'pending' AND item.ladder_at IS NOT NULL;
  PERFORM public.job_again('webhook', soonest.endpoint_id, soonest.due_at) FROM (
    SELECT delivery.endpoint_id, min(delivery.due_at) AS due_at FROM public.webhook_deliveries AS delivery
    WHERE delivery.workspace_id = NEW.id AND delivery.state = 'waiting' GROUP BY delivery.endpoint_id) AS soonest;
  PERFORM public.job_again('digest', soonest.recipient_id, soonest.due_at) FROM (
    SELECT told.recipient_id, min(told.digest_at) AS due_at FROM public.notifications AS told
    WHERE told.workspace_id = NEW.id AND told.digest_at IS NOT NULL GROUP BY told.recipient_id) AS soonest;
  PERFORM public.job_again('hook', soonest.recipient_id, soonest.due_at) FROM (
    SELECT told.recipient_id, min(told.hook_at) AS due_at FROM public.notifications AS told
    WHERE told.workspace_id = NEW.id AND told.hook_at IS NOT NULL GROUP BY told.recipient_id) AS soonest;
  PERFORM set_config('hyvve.kind', coalesce(asking, ''), true);
  RETURN NULL;
END $$;
CREATE TRIGGER workspace_had_back AFTER UPDATE OF deleted_at ON workspaces FOR EACH ROW
  WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL) EXECUTE FUNCTION workspace_jobs();

-- What waits already; as in 0009, not forced on the owner for this. All of a kind at once: one by one takes five times as long, and
-- nobody works meanwhile.
ALTER TABLE letters NO FORCE ROW LEVEL SECURITY;
INSERT INTO jobs._private_jobs (task_id, key, payload, run_at)
SELECT (SELECT id FROM jobs._private_tasks WHERE identifier = 'letter'), concat_ws(':', 'letter', id), json_build_object('workspace', NULL, 'id', id), due_at
FROM letters WHERE state IN ('waiting', 'sending');
ALTER TABLE letters FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_items NO FORCE ROW LEVEL SECURITY;
INSERT INTO jobs._private_jobs (task_id, key, payload, run_at)
SELECT task.id, concat_ws(':', task.identifier, item.workspace_id, item.id), json_build_object('workspace', item.workspace_id, 'id', item.id),
       CASE task.identifier WHEN 'time_out' THEN item.due_at ELSE item.ladder_at END
FROM approval_items item CROSS JOIN (SELECT id, identifier FROM jobs._private_tasks WHERE identifier IN ('time_out', 'step')) task
WHERE item.status = 'pending' AND CASE task.identifier WHEN 'time_out' THEN item.due_at ELSE item.ladder_at END IS NOT NULL;
ALTER TABLE approval_items FORCE ROW LEVEL SECURITY;
-- These have queues: there are as many jobs as endpoints, and as people.
ALTER TABLE webhook_deliveries NO FORCE ROW LEVEL SECURITY;
SELECT job_at('webhook', workspace_id, endpoint_id, min(due_at), true) FROM webhook_deliveries WHERE state = 'waiting' GROUP BY workspace_id, endpoint_id;
ALTER TABLE webhook_deliveries FORCE ROW LEVEL SECURITY;
ALTER TABLE notifications NO FORCE ROW LEVEL SECURITY;
SELECT job_at('digest', workspace_id, recipient_id, min(digest_at), true) FROM notifications WHERE digest_at IS NOT NULL GROUP BY workspace_id, recipient_id;
SELECT job_at('hook', workspace_id, recipient_id, min(hook_at), true) FROM notifications WHERE hook_at IS NOT NULL GROUP BY workspace_id, recipient_id;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;

-- Nobody looks for what is due in all workspaces any more.
DROP INDEX letters_due, approval_items_due, approval_items_ladder;
