-- How far a workspace opens to what is outside of it.

-- The hosts that its agents may ask, each with or without a port: none, until an owner or admin lists one.
ALTER TABLE workspaces ADD COLUMN request_hosts text[] NOT NULL DEFAULT '{}'
  CHECK (cardinality(request_hosts) <= 50 AND array_position(request_hosts, NULL) IS NULL);

-- Whether spans of model calls, which whoever runs the server may collect, say what was asked and answered.
ALTER TABLE workspaces ADD COLUMN content_in_traces boolean NOT NULL DEFAULT false;

-- Agents that were made with every tool there was have this one too. It is not offered to them before a host is listed.
-- Policies hold for the schema's owner as well, so they are put aside for the look at all tenants.
ALTER TABLE agents NO FORCE ROW LEVEL SECURITY;
UPDATE agents SET tools = array_append(tools, 'http_request')
  WHERE tools = '{search_records,update_record,send_email,ask_human}';
ALTER TABLE agents FORCE ROW LEVEL SECURITY;
