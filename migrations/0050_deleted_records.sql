-- Records that were deleted: they stay, with their history, out of sight, and can be brought back.

ALTER TABLE records ADD COLUMN deleted_at timestamptz;
-- Whether the version is the end of the record; its data stays as it was.
ALTER TABLE record_versions ADD COLUMN deletes boolean NOT NULL DEFAULT false;
