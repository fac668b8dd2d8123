-- What proves an address, and what goes when it is proved for the first time.

-- Only a mail has held the link: whoever follows it reads the mail of that address. Where there is no mail server, whoever
-- invites is shown the link, and it proves nothing.
ALTER TABLE invitations ADD COLUMN mail_alone boolean NOT NULL DEFAULT false;

-- Keys that were made before anybody had proved the account's address.
GRANT UPDATE (revoked_at) ON api_keys TO hyvve_system;
CREATE INDEX api_keys_of_person ON api_keys (user_id);

-- Every sign-out looks for what the session has begun.
CREATE INDEX authenticators_begun_by ON authenticators (begun_by) WHERE begun_by IS NOT NULL;
