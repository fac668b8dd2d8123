-- Records that were deleted: they stay, with their history, out of sight, and can be brought back.

ALTER TABLE records ADD COLUMN deleted_at timestamptz;
-- Whether the version is the end of the record; its data stays as it was.
ALTER TABLE record_versions ADD COLUMN deletes boolean NOT NULL DEFAULT false;

-- Lists and counts are of what is there, and are answered from the index alone as before.
DROP INDEX records_by_collection;
CREATE INDEX records_by_collection ON records (workspace_id, collection_id, title, id) WHERE deleted_at IS NULL;
