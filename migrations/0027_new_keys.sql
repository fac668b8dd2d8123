-- Keys that are followed by others, budgets that count from the moment at which they are set, and prices as a provider lists them.

-- A workspace's data key may be followed by another one; once nothing is sealed with the old one, it goes.

GRANT DELETE ON workspace_keys TO hyvve_system;

-- Whether a budget limits what an agent spends for a person. Whoever starts a run has to know that much, whatever he or she may see of
-- budgets; so it is asked as the owner, who sees the present workspace's for this.
CREATE POLICY owner_read ON budgets FOR SELECT TO CURRENT_USER USING (workspace_id = (SELECT ctx.workspace()));
CREATE FUNCTION budget_limits(agent uuid, person uuid) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT EXISTS (
     SELECT 1 FROM budgets WHERE workspace_id = (SELECT ctx.workspace())
       AND (scope = 'workspace' OR (scope = 'agent' AND subject_id = agent) OR (scope = 'user' AND subject_id = person))) $$;
REVOKE EXECUTE ON FUNCTION budget_limits FROM PUBLIC;
GRANT EXECUTE ON FUNCTION budget_limits TO hyvve_app;

-- What a provider lists for what its cache holds; NULL: nothing, so as for any other token that is read.
ALTER TABLE provider_models
  ADD COLUMN cache_read_price bigint CHECK (cache_read_price >= 0),
  ADD COLUMN cache_write_price bigint CHECK (cache_write_price >= 0);
