-- What an account did is written to the log in the transaction that did it. Those of accounts are HYVVE's own, so HYVVE may append:
-- to what is there nothing else, as everybody.

CREATE POLICY system_append ON audit_log FOR INSERT TO hyvve_system WITH CHECK (true);
CREATE POLICY system_append ON audit_personal FOR INSERT TO hyvve_system WITH CHECK (true);
CREATE POLICY system_move ON workspace_heads FOR UPDATE TO hyvve_system USING (true) WITH CHECK (true);
GRANT INSERT ON audit_log, audit_personal, events TO hyvve_system;
GRANT UPDATE (event_seq, audit_seq, audit_hash) ON workspace_heads TO hyvve_system;
GRANT EXECUTE ON FUNCTION append_numbered TO hyvve_system;
