-- Images that people send with a message. They are stored in the transaction that stores the run, and never changed: a run that is
-- taken up after a crash sends the same ones. They go when their run goes.

CREATE TABLE run_images (
  workspace_id uuid NOT NULL,
  run_id       uuid NOT NULL,
  -- From 0, as they were sent.
  position     integer NOT NULL CHECK (position BETWEEN 0 AND 3),
  kind         text NOT NULL CHECK (kind IN ('image/png', 'image/jpeg', 'image/webp', 'image/gif')),
  -- The file, without what cameras and programs note in it.
  bytes        bytea NOT NULL CHECK (length(bytes) BETWEEN 1 AND 3145728),
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, run_id, position),
  FOREIGN KEY (workspace_id, run_id) REFERENCES runs ON DELETE CASCADE
);

-- They are compressed already.
ALTER TABLE run_images ALTER bytes SET STORAGE EXTERNAL;

ALTER TABLE run_images ENABLE ROW LEVEL SECURITY;
ALTER TABLE run_images FORCE ROW LEVEL SECURITY;
-- They follow their run, for who writes as well: the subquery is under the policy of runs.
CREATE POLICY app ON run_images TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND ((SELECT ctx.is_system()) OR EXISTS (SELECT 1 FROM runs r WHERE r.workspace_id = run_images.workspace_id AND r.id = run_images.run_id)))
  WITH CHECK (workspace_id = (SELECT ctx.workspace())
    AND ((SELECT ctx.is_system()) OR EXISTS (SELECT 1 FROM runs r WHERE r.workspace_id = run_images.workspace_id AND r.id = run_images.run_id)));
GRANT SELECT, INSERT ON run_images TO hyvve_app;
