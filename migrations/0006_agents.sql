-- Agents, their conversations, and runs: a state machine that survives a crash at any moment.
--
-- A run's conversation is its `input` and its `run_steps`; there is no second copy of the messages that could disagree.
-- `run_events` is what clients stream; an event is stored before anyone sees it.

CREATE TABLE agents (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  description  text NOT NULL DEFAULT '',
  instructions text NOT NULL,
  -- NULL: the workspace's default provider, and that provider's default model.
  provider_id  uuid,
  model        text,
  -- Names of the tools that it may call.
  tools        text[] NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, provider_id) REFERENCES ai_providers
);

CREATE TABLE agent_sessions (
  workspace_id uuid NOT NULL,
  id           uuid NOT NULL,
  agent_id     uuid NOT NULL,
  user_id      uuid NOT NULL REFERENCES users,
  title        text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, agent_id) REFERENCES agents ON DELETE CASCADE
);
CREATE INDEX agent_sessions_recent ON agent_sessions (workspace_id, user_id, updated_at DESC);

CREATE TABLE runs (
  workspace_id     uuid NOT NULL,
  id               uuid NOT NULL,
  agent_id         uuid NOT NULL,
  session_id       uuid NOT NULL,
  -- Who started it; what the agent may read is what this person may read.
  requester_id     uuid NOT NULL REFERENCES users,
  status           text NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'PAUSED', 'COMPLETED', 'CANCELLED', 'ERROR')),
  input            text NOT NULL,
  output           text,
  -- {type, message, remedy, …} when status is ERROR.
  error            jsonb,
  provider         text,
  model            text,
  input_tokens     bigint NOT NULL DEFAULT 0,
  output_tokens    bigint NOT NULL DEFAULT 0,
  reasoning_tokens bigint NOT NULL DEFAULT 0,
  cached_tokens    bigint NOT NULL DEFAULT 0,
  cancel_requested boolean NOT NULL DEFAULT false,
  -- The node that drives it, until when; a run whose lease has run out belongs to whoever claims it.
  lease_owner      uuid,
  lease_until      timestamptz,
  -- How often it was claimed; more than one means that a node died under it.
  attempt          integer NOT NULL DEFAULT 0,
  next_event_index integer NOT NULL DEFAULT 0,
  created_at       timestamptz NOT NULL DEFAULT now(),
  ended_at         timestamptz,
  PRIMARY KEY (workspace_id, id),
  FOREIGN KEY (workspace_id, agent_id) REFERENCES agents ON DELETE CASCADE,
  FOREIGN KEY (workspace_id, session_id) REFERENCES agent_sessions ON DELETE CASCADE
);
CREATE INDEX runs_recent ON runs (workspace_id, created_at DESC);
CREATE INDEX runs_by_session ON runs (workspace_id, session_id, created_at);
CREATE INDEX runs_claimable ON runs (lease_until) WHERE status IN ('PENDING', 'RUNNING');

-- What has been achieved, in order. A model step is one answer of the model; a tool step one call of a tool, which
-- may wait for a decision.
CREATE TABLE run_steps (
  workspace_id uuid NOT NULL,
  run_id       uuid NOT NULL,
  position     integer NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('model', 'tool')),
  state        text NOT NULL CHECK (state IN ('waiting', 'done')),
  tool_call_id text,
  approval_id  uuid,
  content      jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  ended_at     timestamptz,
  PRIMARY KEY (workspace_id, run_id, position),
  FOREIGN KEY (workspace_id, run_id) REFERENCES runs ON DELETE CASCADE
);
CREATE UNIQUE INDEX run_steps_approval ON run_steps (workspace_id, approval_id) WHERE approval_id IS NOT NULL;

CREATE TABLE run_events (
  workspace_id uuid NOT NULL,
  run_id       uuid NOT NULL,
  index        integer NOT NULL,
  name         text NOT NULL,
  -- What is special to the event; the fields that all events share are added when it is sent.
  data         jsonb NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, run_id, index),
  FOREIGN KEY (workspace_id, run_id) REFERENCES runs ON DELETE CASCADE
);

ALTER TABLE agents ENABLE ROW LEVEL SECURITY;
ALTER TABLE agents FORCE ROW LEVEL SECURITY;
ALTER TABLE agent_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE agent_sessions FORCE ROW LEVEL SECURITY;
ALTER TABLE runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE runs FORCE ROW LEVEL SECURITY;
ALTER TABLE run_steps ENABLE ROW LEVEL SECURITY;
ALTER TABLE run_steps FORCE ROW LEVEL SECURITY;
ALTER TABLE run_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE run_events FORCE ROW LEVEL SECURITY;

CREATE POLICY app_read ON agents FOR SELECT TO hyvve_app USING (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app_write ON agents TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));

-- A conversation is its person's own; owners and admins see the workspace's runs, because they decide on them.
CREATE POLICY app ON agent_sessions TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (user_id = (SELECT ctx.user_id()) OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (user_id = (SELECT ctx.user_id()) OR (SELECT ctx.is_system())));
CREATE POLICY app ON runs TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (requester_id = (SELECT ctx.user_id()) OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (requester_id = (SELECT ctx.user_id()) OR (SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
-- Steps and events follow their run. The subquery of a write is under the policy of runs as well.
CREATE POLICY app ON run_steps TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND ((SELECT ctx.kind()) IN ('agent', 'system') OR EXISTS (SELECT 1 FROM runs r WHERE r.workspace_id = run_steps.workspace_id AND r.id = run_steps.run_id)))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app ON run_events TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND ((SELECT ctx.kind()) IN ('agent', 'system') OR EXISTS (SELECT 1 FROM runs r WHERE r.workspace_id = run_events.workspace_id AND r.id = run_events.run_id)))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()));

-- Claiming: a worker looks for runs of any tenant that nobody drives, then works inside that tenant.
CREATE POLICY system_claim ON runs FOR SELECT TO hyvve_system USING (true);
CREATE POLICY system_claim_write ON runs FOR UPDATE TO hyvve_system USING (status IN ('PENDING', 'RUNNING')) WITH CHECK (status = 'RUNNING');

GRANT SELECT, INSERT, UPDATE, DELETE ON agents, agent_sessions TO hyvve_app;
GRANT SELECT, INSERT, UPDATE ON runs, run_steps TO hyvve_app;
GRANT SELECT, INSERT ON run_events TO hyvve_app;
GRANT SELECT, UPDATE (status, lease_owner, lease_until, attempt) ON runs TO hyvve_system;
