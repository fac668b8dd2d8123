-- What a person found out about an effect whose outcome was not known. The ledger keeps both: that nobody knew, and who looked.

ALTER TABLE effects
  ADD COLUMN settled_by   uuid REFERENCES users,
  ADD COLUMN settled_at   timestamptz,
  ADD COLUMN settled_note text,
  ADD CONSTRAINT effects_settled_whole CHECK ((settled_by IS NULL) = (settled_at IS NULL)),
  ADD CONSTRAINT effects_settled_known CHECK (settled_by IS NULL OR state IN ('done', 'failed'));

GRANT UPDATE (settled_by, settled_at, settled_note) ON effects TO hyvve_app;
