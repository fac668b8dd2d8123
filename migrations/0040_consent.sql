-- The ledger says itself what was approved, so that whoever changes an item afterwards, hash and all, gets nothing done.
ALTER TABLE effects ADD COLUMN hash bytea CHECK (length(hash) = 32);
-- As in 0009, not forced on the owner for this.
ALTER TABLE effects NO FORCE ROW LEVEL SECURITY;
ALTER TABLE approval_items NO FORCE ROW LEVEL SECURITY;
UPDATE effects e SET hash = i.hash FROM approval_items i WHERE i.workspace_id = e.workspace_id AND i.id = e.approval_id;
ALTER TABLE approval_items FORCE ROW LEVEL SECURITY;
ALTER TABLE effects FORCE ROW LEVEL SECURITY;
ALTER TABLE effects ALTER COLUMN hash SET NOT NULL;
