// What happens beside the browser that is looked at: an agent that proposes, and how an approval stands.
import assert from 'node:assert/strict';

/** Lets the workspace's agent propose a discount and a mail about it; answers both approvals. */
export async function propose({ context, url }, name = 'Ada Lovelace') {
  const agents = await context.request.get(`${url}/agents`).then((reply) => reply.json());
  const agent = (agents.data ?? agents)[0];
  const message = `Give ${name} a 20 % discount and mail her`;
  const run = await context.request.post(`${url}/agents/${agent.id}/runs`, { form: { message, stream: 'false' }, headers: { origin: url } });
  assert.ok(run.ok(), await run.text());
  const { data } = await context.request.get(`${url}/api/approvals?status=pending`).then((reply) => reply.json());
  const [change, mail] = ['update_record', 'send_email'].map((type) => data.find((one) => one.type === type));
  assert.ok(change && mail, 'the agent did not propose both');
  return { change, mail };
}

/** Sends something to the API of a workspace, as the page of the same person would. */
export async function send({ context, url }, method, path, data) {
  const reply = await context.request.fetch(`${url}${path}`, { method, data, headers: { origin: url } });
  assert.ok(reply.ok(), `${method} ${path}: ${await reply.text()}`);
  return reply.json();
}

/** What the API says of an approval. */
export const approvalOf = ({ context, url }, id) => context.request
  .get(`${url}/api/approvals/${id}`).then((reply) => reply.json()).then((body) => body.data);
