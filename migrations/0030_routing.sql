-- Earned confidence: what is known about a proposal when it is made, what people's decisions say about proposals like it, and
-- the workspace's rules for how closely to look.

-- What a proposal's route was decided on, as it was then.
ALTER TABLE approval_items
  DROP CONSTRAINT approval_items_review_check,
  ADD CONSTRAINT approval_items_review_check CHECK (review IN ('auto', 'quick', 'full')),
  -- {factor, score, weight, explanation}, as shown.
  ADD COLUMN factors        jsonb NOT NULL DEFAULT '[]',
  -- Weighted mean of all factors; and of those that do not look at the past. 0 to 100.
  ADD COLUMN overall_score  double precision,
  ADD COLUMN evidence       double precision,
  -- How probable it was that people agree, and what the share of agreement was at least; 0 to 1. Decisions behind both.
  ADD COLUMN probability    double precision,
  ADD COLUMN at_least       double precision,
  ADD COLUMN decisions      integer NOT NULL DEFAULT 0,
  ADD COLUMN in_band        integer NOT NULL DEFAULT 0,
  -- The calibrated score, once there is one; why this look; the version of the policy that routed.
  ADD COLUMN score          double precision,
  ADD COLUMN routed_because text,
  ADD COLUMN policy_version integer,
  -- What the rules of a policy may ask about.
  ADD COLUMN fields         jsonb NOT NULL DEFAULT '{}',
  -- Its sort (of the tool's making), and how large it is beside others of its sort.
  ADD COLUMN sort           text NOT NULL DEFAULT '',
  ADD COLUMN size           double precision NOT NULL DEFAULT 0,
  -- The agent's model and a fingerprint of its instructions, "model#1a2b3c4d": what people said about others says little about
  -- this one.
  ADD COLUMN setup          text NOT NULL DEFAULT '';
CREATE INDEX approval_items_auto ON approval_items (created_at) WHERE status = 'pending' AND review = 'auto';
CREATE INDEX approval_items_tool ON approval_items (workspace_id, tool, created_at DESC);
GRANT UPDATE (review, routed_because) ON approval_items TO hyvve_app;
-- Whoever lets through what has earned it looks for it in every workspace, then works inside that one.
GRANT SELECT (id, review) ON approval_items TO hyvve_system;

-- A rule's decision is one too.
ALTER TABLE approval_decisions
  DROP CONSTRAINT approval_decisions_outcome_check,
  ADD CONSTRAINT approval_decisions_outcome_check
    CHECK (outcome IN ('approved', 'auto_approved', 'rejected', 'withdrawn', 'timed_out', 'cancelled', 'superseded'));

-- Rules of a workspace for one tool, or for all ('*'). The newest version of each counts; none is ever changed.
CREATE TABLE approval_policies (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  tool         text NOT NULL,
  version      integer NOT NULL CHECK (version > 0),
  -- {auto, quick, target, sample}, and [{name, when, review}].
  thresholds   jsonb NOT NULL,
  rules        jsonb NOT NULL,
  created_by   uuid NOT NULL REFERENCES users,
  -- The proposal that brought it, where a second person approved.
  approval_id  uuid,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, tool, version)
);

-- What people said about one agent's proposals of one tool, made with one model and one set of instructions: counts per band
-- of scores, lowest first.
CREATE TABLE calibration (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  tool         text NOT NULL,
  agent_id     uuid NOT NULL,
  setup        text NOT NULL,
  agreed       integer[] NOT NULL,
  disagreed    integer[] NOT NULL,
  -- How much speaks for the agent having become worse than it was.
  watch        double precision NOT NULL,
  -- When it began; anew when the agent had become worse.
  began_at     timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, tool, agent_id, setup)
);

-- Each thing that people said, with what had been predicted.
CREATE TABLE calibration_observations (
  workspace_id uuid NOT NULL,
  approval_id  uuid NOT NULL,
  tool         text NOT NULL,
  agent_id     uuid NOT NULL,
  setup        text NOT NULL,
  band         smallint NOT NULL,
  predicted    double precision NOT NULL,
  agreed       boolean NOT NULL,
  -- A decision, or a look afterwards with the score hidden.
  source       text NOT NULL CHECK (source IN ('decision', 'sample')),
  sort         text NOT NULL,
  size         double precision NOT NULL,
  observed_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, approval_id),
  FOREIGN KEY (workspace_id, approval_id) REFERENCES approval_items ON DELETE CASCADE
);
CREATE INDEX calibration_observations_sort ON calibration_observations (workspace_id, tool, sort, observed_at DESC);
CREATE INDEX calibration_observations_agent ON calibration_observations (workspace_id, tool, agent_id, observed_at DESC);

-- What went on by itself and is looked at afterwards.
CREATE TABLE approval_samples (
  workspace_id uuid NOT NULL,
  approval_id  uuid NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  reviewed_at  timestamptz,
  reviewed_by  uuid REFERENCES users,
  agreed       boolean,
  note         text,
  PRIMARY KEY (workspace_id, approval_id),
  FOREIGN KEY (workspace_id, approval_id) REFERENCES approval_items ON DELETE CASCADE,
  CHECK ((reviewed_at IS NULL) = (agreed IS NULL))
);
CREATE INDEX approval_samples_open ON approval_samples (workspace_id, created_at) WHERE reviewed_at IS NULL;
CREATE INDEX approval_samples_reviewer ON approval_samples (reviewed_by) WHERE reviewed_by IS NOT NULL;

ALTER TABLE approval_policies ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_policies FORCE ROW LEVEL SECURITY;
ALTER TABLE calibration ENABLE ROW LEVEL SECURITY;
ALTER TABLE calibration FORCE ROW LEVEL SECURITY;
ALTER TABLE calibration_observations ENABLE ROW LEVEL SECURITY;
ALTER TABLE calibration_observations FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_samples ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_samples FORCE ROW LEVEL SECURITY;

-- Whoever proposes is routed by these; who decides may look at them.
CREATE POLICY app_read ON approval_policies FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.kind()) = 'agent' OR (SELECT ctx.role_in('owner', 'admin', 'member'))));
CREATE POLICY app_append ON approval_policies FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))));
CREATE POLICY app_read ON calibration FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.kind()) = 'agent' OR (SELECT ctx.role_in('owner', 'admin', 'member'))));
CREATE POLICY app_learn ON calibration FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')));
CREATE POLICY app_relearn ON calibration FOR UPDATE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app_read ON calibration_observations FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.kind()) = 'agent' OR (SELECT ctx.role_in('owner', 'admin', 'member'))));
CREATE POLICY app_learn ON calibration_observations FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')));
CREATE POLICY app_forget ON calibration_observations FOR DELETE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')));
CREATE POLICY app_read ON approval_samples FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.is_system()) OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_draw ON approval_samples FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()));
CREATE POLICY app_review ON approval_samples FOR UPDATE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()));
CREATE POLICY app_undraw ON approval_samples FOR DELETE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')));

GRANT SELECT, INSERT ON approval_policies TO hyvve_app;
GRANT SELECT, INSERT, UPDATE (agreed, disagreed, watch, began_at, updated_at) ON calibration TO hyvve_app;
GRANT SELECT, INSERT, DELETE ON calibration_observations TO hyvve_app;
GRANT SELECT, INSERT, DELETE, UPDATE (reviewed_at, reviewed_by, agreed, note) ON approval_samples TO hyvve_app;
