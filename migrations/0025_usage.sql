-- What AI costs: a ledger of every call, prices, and budgets with what is left of them; and who is asked when a provider
-- cannot answer.

-- One row per call of a model, written when it has ended; before it begins where a budget has to hold something back for it.
-- It outlives the agent, the run and the provider that it names.
CREATE TABLE usage_ledger (
  workspace_id       uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id                 uuid NOT NULL,
  at                 timestamptz NOT NULL,
  run_id             uuid,
  agent_id           uuid,
  -- For whom the agent worked.
  user_id            uuid,
  provider_id        uuid NOT NULL,
  provider           text NOT NULL,
  provider_kind      text NOT NULL,
  -- The last characters of the key that was used.
  key_hint           text,
  model_asked        text NOT NULL,
  model_served       text,
  -- From 0: the how-manieth of those that were asked for one answer.
  hop                smallint NOT NULL,
  -- reserved: under way. answered: complete. broken: it broke off, and what is known of it is here. failed: no answer came.
  -- lost: the server died meanwhile; nobody knows what it cost.
  outcome            text NOT NULL CHECK (outcome IN ('reserved', 'answered', 'broken', 'failed', 'lost')),
  -- Of those that failed or broke off: the kind of failure.
  failure            text,
  input_tokens       bigint NOT NULL DEFAULT 0,
  output_tokens      bigint NOT NULL DEFAULT 0,
  reasoning_tokens   bigint NOT NULL DEFAULT 0,
  cache_read_tokens  bigint NOT NULL DEFAULT 0,
  cache_write_tokens bigint NOT NULL DEFAULT 0,
  -- In millionths of a dollar. NULL: the price is not known. Of a reserved or lost one: what was held back for it.
  cost_micros        bigint CHECK (cost_micros >= 0),
  -- Whose price that is: 'provider', 'shipped:2026-11-30', 'workspace:7'. NULL with an unknown price.
  price_version      text,
  first_token_ms     integer,
  total_ms           integer,
  PRIMARY KEY (workspace_id, id)
);
CREATE INDEX usage_ledger_time ON usage_ledger (workspace_id, at, id);
CREATE INDEX usage_ledger_open ON usage_ledger (workspace_id, run_id) WHERE outcome = 'reserved';

-- What models cost, as the workspace says. Rows are only added: a change is a new version, and no price at all is one too.
CREATE TABLE model_prices (
  workspace_id uuid NOT NULL,
  version      integer NOT NULL CHECK (version > 0),
  provider_id  uuid NOT NULL,
  -- `*`: every model of the provider that has no price of its own.
  model        text NOT NULL CHECK (length(model) BETWEEN 1 AND 200),
  -- Millionths of a dollar for a million tokens. NULL: from here on the workspace says nothing about it.
  input        bigint CHECK (input BETWEEN 0 AND 10000000000),
  output       bigint CHECK (output BETWEEN 0 AND 10000000000),
  cache_read   bigint CHECK (cache_read BETWEEN 0 AND 10000000000),
  cache_write  bigint CHECK (cache_write BETWEEN 0 AND 10000000000),
  created_by   uuid,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, version),
  FOREIGN KEY (workspace_id, provider_id) REFERENCES ai_providers ON DELETE CASCADE,
  CHECK ((input IS NULL) = (output IS NULL) AND (input IS NULL) = (cache_read IS NULL) AND (input IS NULL) = (cache_write IS NULL))
);
CREATE INDEX model_prices_latest ON model_prices (workspace_id, provider_id, model, version DESC);

-- How much may be spent in a month, by everybody, by one agent, or for one person.
CREATE TABLE budgets (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  scope        text NOT NULL CHECK (scope IN ('workspace', 'agent', 'user')),
  -- The agent or the person.
  subject_id   uuid,
  limit_micros bigint NOT NULL CHECK (limit_micros BETWEEN 0 AND 1000000000000000),
  created_at   timestamptz NOT NULL DEFAULT now(),
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, id),
  CHECK ((scope = 'workspace') = (subject_id IS NULL)),
  CONSTRAINT budgets_subject UNIQUE NULLS NOT DISTINCT (workspace_id, scope, subject_id)
);

-- What has gone of a budget in a month, which begins in the workspace's time zone. Calls that go on at the turn of the month
-- belong to the month in which they began.
CREATE TABLE budget_months (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  budget_id    uuid NOT NULL,
  month        date NOT NULL,
  spent        bigint NOT NULL DEFAULT 0,
  -- Held back for calls that are under way.
  reserved     bigint NOT NULL DEFAULT 0,
  -- The highest share, in percent, that people were told of.
  told         smallint NOT NULL DEFAULT 0,
  -- No key to the budget: one that is removed while a call ends must not take the call's answer with it.
  PRIMARY KEY (workspace_id, budget_id, month)
);

-- Who is asked, one after the other, when the provider of an agent gives no answer.
CREATE TABLE ai_fallbacks (
  workspace_id uuid NOT NULL,
  position     smallint NOT NULL CHECK (position BETWEEN 0 AND 9),
  provider_id  uuid NOT NULL,
  -- NULL: the provider's default.
  model        text CHECK (length(model) BETWEEN 1 AND 200),
  PRIMARY KEY (workspace_id, position),
  FOREIGN KEY (workspace_id, provider_id) REFERENCES ai_providers ON DELETE CASCADE
);
CREATE INDEX ai_fallbacks_of_provider ON ai_fallbacks (workspace_id, provider_id);

-- How many calls of a provider's key go on at once, and how many begin in a minute; NULL: as many as come.
ALTER TABLE ai_providers
  ADD COLUMN max_at_once integer CHECK (max_at_once BETWEEN 1 AND 10000),
  ADD COLUMN max_per_minute integer CHECK (max_per_minute BETWEEN 1 AND 1000000);

-- An agent that shall be asked nowhere else says so.
ALTER TABLE agents ADD COLUMN falls_back boolean NOT NULL DEFAULT true;

ALTER TABLE usage_ledger ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_ledger FORCE ROW LEVEL SECURITY;
ALTER TABLE model_prices ENABLE ROW LEVEL SECURITY;
ALTER TABLE model_prices FORCE ROW LEVEL SECURITY;
ALTER TABLE budgets ENABLE ROW LEVEL SECURITY;
ALTER TABLE budgets FORCE ROW LEVEL SECURITY;
ALTER TABLE budget_months ENABLE ROW LEVEL SECURITY;
ALTER TABLE budget_months FORCE ROW LEVEL SECURITY;
ALTER TABLE ai_fallbacks ENABLE ROW LEVEL SECURITY;
ALTER TABLE ai_fallbacks FORCE ROW LEVEL SECURITY;

-- People see what was spent for them; owners and admins everything. Only agents spend.
CREATE POLICY app_read ON usage_ledger FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND (user_id = (SELECT ctx.user_id()) OR (SELECT ctx.kind()) IN ('agent', 'system') OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_spend ON usage_ledger TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) IN ('agent', 'system'))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) IN ('agent', 'system'));

CREATE POLICY app_read ON model_prices FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.kind()) IN ('agent', 'system') OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_add ON model_prices FOR INSERT TO hyvve_app
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')));

CREATE POLICY app_read ON budgets FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND ((SELECT ctx.kind()) IN ('agent', 'system') OR (SELECT ctx.role_in('owner', 'admin')) OR subject_id = (SELECT ctx.user_id())));
CREATE POLICY app_write ON budgets TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')));

-- A month follows its budget. The subquery is under the policy of budgets as well.
CREATE POLICY app_read ON budget_months FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND EXISTS (SELECT 1 FROM budgets b WHERE b.workspace_id = budget_months.workspace_id AND b.id = budget_months.budget_id));
CREATE POLICY app_write ON budget_months TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.kind()) IN ('agent', 'system') OR (SELECT ctx.role_in('owner', 'admin'))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.kind()) IN ('agent', 'system') OR (SELECT ctx.role_in('owner', 'admin'))));

CREATE POLICY app_read ON ai_fallbacks FOR SELECT TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND ((SELECT ctx.kind()) IN ('agent', 'system') OR (SELECT ctx.role_in('owner', 'admin'))));
CREATE POLICY app_write ON ai_fallbacks TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.kind()) = 'user' AND (SELECT ctx.role_in('owner', 'admin')));

GRANT SELECT, INSERT, UPDATE ON usage_ledger, budget_months TO hyvve_app;
GRANT DELETE ON budget_months TO hyvve_app;
GRANT SELECT, INSERT ON model_prices TO hyvve_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON budgets TO hyvve_app;
GRANT SELECT, INSERT, DELETE ON ai_fallbacks TO hyvve_app;

-- Writes a call down; one that was written down before it began is settled, once. False: somebody has given it up meanwhile.
CREATE FUNCTION ledger_put(entry jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO usage_ledger SELECT * FROM jsonb_populate_record(NULL::usage_ledger, entry)
  ON CONFLICT (workspace_id, id) DO UPDATE SET
    outcome = excluded.outcome, failure = excluded.failure, model_served = excluded.model_served,
    input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens, reasoning_tokens = excluded.reasoning_tokens,
    cache_read_tokens = excluded.cache_read_tokens, cache_write_tokens = excluded.cache_write_tokens,
    cost_micros = excluded.cost_micros, price_version = excluded.price_version,
    first_token_ms = excluded.first_token_ms, total_ms = excluded.total_ms
  WHERE usage_ledger.outcome = 'reserved';
  RETURN FOUND;
END
$$;
REVOKE EXECUTE ON FUNCTION ledger_put FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_put TO hyvve_app;
