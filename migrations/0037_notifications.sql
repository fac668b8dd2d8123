-- Notifications: what a person is told, once for each cause, and by which ways he or she wants to hear of it. Mentions in comments.
-- Webhooks that speak as Slack's incoming webhooks are spoken to.

-- A row is made in the transaction of what it tells of, by whoever acts there; only its recipient reads it. There are no foreign keys
-- to people: a proposal must not wait for somebody who signs in, or who is removed. What belonged to somebody who has left is removed
-- by HYVVE, and shown to nobody meanwhile.
CREATE TABLE notifications (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  id           uuid NOT NULL,
  recipient_id uuid NOT NULL,
  kind         text NOT NULL CHECK (kind IN
    ('approval_waiting', 'approval_assigned', 'mentioned', 'proposal_decided', 'approval_timed_out', 'question_answered',
     'webhook_disabled', 'budget_alert', 'role_changed')),
  -- Nobody is told twice of one cause.
  cause        text NOT NULL CHECK (length(cause) <= 200),
  subject_kind text NOT NULL,
  subject_id   uuid,
  -- Whoever did it, if a person did.
  by_id        uuid,
  facts        jsonb NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  read_at      timestamptz,
  -- When it was settled which ways it goes besides the list in HYVVE; NULL: not yet.
  routed_at    timestamptz,
  -- The digest that it is for; NULL: none, or that has left.
  digest_at    timestamptz,
  -- When it is sent to the person's webhook, or whoever sends it now is given up; NULL: not at all, or no more.
  hook_at      timestamptz,
  hook_tries   integer NOT NULL DEFAULT 0,
  PRIMARY KEY (workspace_id, id)
);
CREATE UNIQUE INDEX notifications_once ON notifications (workspace_id, recipient_id, cause) WHERE kind <> 'approval_waiting';
-- However many approvals wait, that they do is said once, until it was read.
CREATE UNIQUE INDEX notifications_waiting ON notifications (workspace_id, recipient_id) WHERE kind = 'approval_waiting' AND read_at IS NULL;
CREATE INDEX notifications_list ON notifications (workspace_id, recipient_id, created_at DESC, id DESC);
CREATE INDEX notifications_unread ON notifications (workspace_id, recipient_id) WHERE read_at IS NULL;
CREATE INDEX notifications_unrouted ON notifications (workspace_id, created_at) WHERE routed_at IS NULL;
CREATE INDEX notifications_digests ON notifications (digest_at) WHERE digest_at IS NOT NULL;
CREATE INDEX notifications_hooks ON notifications (hook_at) WHERE hook_at IS NOT NULL;
CREATE INDEX notifications_age ON notifications (created_at);

-- One person's choices in one workspace. Without a row: what is usual.
CREATE TABLE notification_settings (
  workspace_id uuid NOT NULL REFERENCES workspaces ON DELETE CASCADE,
  user_id      uuid NOT NULL,
  -- {kind: {inApp, mail, webhook}}; what is missing is as usual.
  channels     jsonb NOT NULL DEFAULT '{}',
  digest       text NOT NULL DEFAULT 'daily' CHECK (digest IN ('hourly', 'daily')),
  -- The hour of a daily digest, in the workspace's time zone.
  digest_hour  smallint NOT NULL DEFAULT 8 CHECK (digest_hour BETWEEN 0 AND 23),
  -- The person's own webhook: such an address is a credential, so it is sealed by the workspace's data key. Host and ending are shown.
  hook         bytea,
  hook_shown   text,
  hook_problem text,
  -- The data key that opens it. One that is needed here cannot be removed.
  hook_version integer GENERATED ALWAYS AS
    ((get_byte(hook, 1) << 24) | (get_byte(hook, 2) << 16) | (get_byte(hook, 3) << 8) | get_byte(hook, 4)) STORED,
  updated_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, user_id),
  FOREIGN KEY (workspace_id, hook_version) REFERENCES workspace_keys DEFERRABLE INITIALLY DEFERRED,
  CHECK ((hook IS NULL) = (hook_shown IS NULL))
);

ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;
ALTER TABLE notification_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification_settings FORCE ROW LEVEL SECURITY;

CREATE POLICY app_read ON notifications FOR SELECT TO hyvve_app USING (
  workspace_id = (SELECT ctx.workspace())
  AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND recipient_id = (SELECT ctx.user_id()))));
CREATE POLICY app_mark ON notifications FOR UPDATE TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND recipient_id = (SELECT ctx.user_id()))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()));
-- Whatever happens may be told, to members only, and as something new.
CREATE POLICY app_tell ON notifications FOR INSERT TO hyvve_app WITH CHECK (
  workspace_id = (SELECT ctx.workspace()) AND read_at IS NULL AND routed_at IS NULL
  AND EXISTS (SELECT 1 FROM workspace_members m WHERE m.workspace_id = notifications.workspace_id AND m.user_id = notifications.recipient_id));
CREATE POLICY system ON notifications TO hyvve_system USING (true) WITH CHECK (true);

CREATE POLICY app ON notification_settings TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND user_id = (SELECT ctx.user_id()))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace())
    AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND user_id = (SELECT ctx.user_id()))));
CREATE POLICY system ON notification_settings TO hyvve_system USING (true) WITH CHECK (true);

GRANT SELECT, INSERT, UPDATE (read_at, routed_at, digest_at, hook_at, hook_tries) ON notifications TO hyvve_app;
GRANT SELECT (workspace_id, recipient_id, kind, created_at, read_at, routed_at, digest_at, hook_at), DELETE ON notifications TO hyvve_system;
GRANT SELECT, INSERT, UPDATE (channels, digest, digest_hour, hook, hook_shown, hook_problem, updated_at) ON notification_settings TO hyvve_app;
GRANT SELECT (workspace_id, user_id, hook_version), DELETE ON notification_settings TO hyvve_system;

-- That somebody was told something is for that person's browsers, or for those of all who may decide; besides what the other policy asks.
CREATE POLICY app_own_notifications ON events AS RESTRICTIVE FOR SELECT TO hyvve_app USING (
  subject_kind <> 'notification' OR (SELECT ctx.is_system()) OR audience = (SELECT ctx.user_id())
  OR (audience IS NULL AND (SELECT ctx.role_in('owner', 'admin'))));

-- Who is mentioned, and where in the text: [{userId, start, length}], in characters.
ALTER TABLE approval_comments ADD COLUMN mentions jsonb NOT NULL DEFAULT '[]';

ALTER TABLE webhook_endpoints
  -- 'slack': told of approvals that wait, in the words of Slack's incoming webhooks. Such an address is a credential: it is sealed like
  -- the secret, and `url` has only its host and its last four characters.
  ADD COLUMN format  text NOT NULL DEFAULT 'events' CHECK (format IN ('events', 'slack')),
  ADD COLUMN address bytea,
  ADD COLUMN address_version integer GENERATED ALWAYS AS
    ((get_byte(address, 1) << 24) | (get_byte(address, 2) << 16) | (get_byte(address, 3) << 8) | get_byte(address, 4)) STORED,
  -- What a channel's buttons are signed with when they come back, sealed; NULL: its messages have none.
  ADD COLUMN signing_secret bytea,
  -- Since when this is so. Whoever was connected before is asked again: who sets a secret could sign in anybody's name.
  ADD COLUMN signing_since timestamptz,
  ADD COLUMN signing_version integer GENERATED ALWAYS AS
    ((get_byte(signing_secret, 1) << 24) | (get_byte(signing_secret, 2) << 16) | (get_byte(signing_secret, 3) << 8) | get_byte(signing_secret, 4)) STORED,
  ADD CONSTRAINT webhook_endpoints_signing CHECK (format = 'slack' OR signing_secret IS NULL),
  ADD CONSTRAINT webhook_endpoints_signing_key
    FOREIGN KEY (workspace_id, signing_version) REFERENCES workspace_keys DEFERRABLE INITIALLY DEFERRED,
  ADD CONSTRAINT webhook_endpoints_address CHECK ((format = 'slack') = (address IS NOT NULL)),
  ADD CONSTRAINT webhook_endpoints_address_key
    FOREIGN KEY (workspace_id, address_version) REFERENCES workspace_keys DEFERRABLE INITIALLY DEFERRED;
GRANT UPDATE (address, signing_secret, signing_since) ON webhook_endpoints TO hyvve_app;
GRANT SELECT (address_version, signing_version) ON webhook_endpoints TO hyvve_system;

-- Whose account a user of a channel's Slack has been connected with, by that person.
CREATE TABLE channel_people (
  workspace_id uuid NOT NULL,
  endpoint_id  uuid NOT NULL,
  slack_user   text NOT NULL CHECK (length(slack_user) BETWEEN 1 AND 100),
  slack_name   text NOT NULL CHECK (length(slack_name) <= 100),
  user_id      uuid NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, endpoint_id, slack_user),
  FOREIGN KEY (workspace_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE
);
-- Links that connect, each once: sent to whoever pressed a button, so that nobody else has them.
CREATE TABLE channel_links (
  workspace_id uuid NOT NULL,
  token_hash   bytea NOT NULL,
  endpoint_id  uuid NOT NULL,
  slack_user   text NOT NULL CHECK (length(slack_user) BETWEEN 1 AND 100),
  slack_name   text NOT NULL CHECK (length(slack_name) <= 100),
  expires_at   timestamptz NOT NULL,
  PRIMARY KEY (workspace_id, token_hash),
  FOREIGN KEY (workspace_id, endpoint_id) REFERENCES webhook_endpoints ON DELETE CASCADE
);
CREATE INDEX channel_links_endpoint ON channel_links (workspace_id, endpoint_id);
CREATE INDEX channel_links_age ON channel_links (expires_at);

ALTER TABLE channel_people ENABLE ROW LEVEL SECURITY;
ALTER TABLE channel_people FORCE ROW LEVEL SECURITY;
ALTER TABLE channel_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE channel_links FORCE ROW LEVEL SECURITY;
CREATE POLICY app ON channel_people TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace())
    AND ((SELECT ctx.is_system()) OR ((SELECT ctx.kind()) = 'user' AND user_id = (SELECT ctx.user_id()))))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()));
CREATE POLICY app ON channel_links TO hyvve_app
  USING (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()))
  WITH CHECK (workspace_id = (SELECT ctx.workspace()) AND (SELECT ctx.is_system()));
CREATE POLICY system ON channel_people TO hyvve_system USING (true) WITH CHECK (true);
CREATE POLICY system ON channel_links TO hyvve_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE, UPDATE (user_id, slack_name, created_at) ON channel_people TO hyvve_app;
GRANT SELECT, INSERT, DELETE ON channel_links TO hyvve_app;
GRANT SELECT (workspace_id, user_id), DELETE ON channel_people TO hyvve_system;
GRANT SELECT (expires_at), DELETE ON channel_links TO hyvve_system;
