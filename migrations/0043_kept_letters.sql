-- Without a mail server, a letter whose link somebody needs is kept for a day, sealed, for those who run the installation: they pass it
-- on. Until now it failed, and its text was erased.
ALTER TABLE letters DROP CONSTRAINT letters_state_check;
ALTER TABLE letters ADD CONSTRAINT letters_state_check CHECK (state IN ('waiting', 'sending', 'sent', 'failed', 'unknown', 'kept'));
-- `ended_at` of one that is kept says since when.
CREATE INDEX letters_kept ON letters (ended_at) WHERE state = 'kept';
