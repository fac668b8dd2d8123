-- What is kept of people, and for how long.

-- Without a mail server, a letter whose link somebody needs is kept for a day, sealed, for those who run the installation: they pass it
-- on. Until now it failed, and its text was erased.
ALTER TABLE letters DROP CONSTRAINT letters_state_check;
ALTER TABLE letters ADD CONSTRAINT letters_state_check CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'unknown', 'kept'));
-- `ended_at` of one that is kept says since when.
CREATE INDEX letters_kept ON letters (ended_at) WHERE state = 'kept';

-- Invitations hold addresses of people who may never have come. A month after one has ended, or nobody used it, it goes.
CREATE POLICY system_purge ON invitations FOR DELETE TO hyvve_system
  USING (coalesce(ended_at, expires_at) < now() - interval '30 days');
GRANT DELETE ON invitations TO hyvve_system;

-- What is over is looked for every hour.
CREATE INDEX invitations_over ON invitations (coalesce(ended_at, expires_at));
CREATE INDEX one_time_tokens_expires ON one_time_tokens (expires_at);
CREATE INDEX known_devices_used ON known_devices (last_used_at);
