// A real OpenID provider with people of the tests' own. Whoever comes to it picks who he or she is, or says no.
//
//   node end2end/openid-provider.mjs HYVVE_URL     prints its issuer on a line of its own; ends with its standard input
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import Provider from 'oidc-provider';

/** What HYVVE proves itself with. */
export const CLIENT = { id: 'hyvve', secret: 'a-secret-of-the-tests' };

/** Who can be picked, and what is vouched for. */
const PEOPLE = {
  ada: { email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace' },
  bob: { email: 'Bob@Example.com', email_verified: true, name: 'Bob' },
  // Says that Ada's address is hers, which nobody has looked into.
  mallory: { email: 'ada@example.com', email_verified: false, name: 'Mallory' },
  una: { email: 'una@example.com', email_verified: false, name: 'Una' },
  // As some providers write it.
  worded: { email: 'worded@example.com', email_verified: 'true' },
  nobody: { name: 'Nobody' },
  strange: { email: 'stränge@example.com', email_verified: true, name: 'Strange' },
};

const page = (uid) => `<!doctype html><html lang="en"><head><title>Who are you?</title><link rel="icon" href="data:,"></head><body><main><h1>Who are you?</h1>
${Object.keys(PEOPLE).map((who) => `<p><a href="/interaction/${uid}?login=${who}">${who}</a></p>`).join('\n')}
<p><a href="/interaction/${uid}?abort=1">No, thanks</a></p></main></body></html>`;

/** Starts it for the HYVVE at this address, which may call it by each of these ids. */
export async function openidProvider(hyvve, ids = ['google', 'company']) {
  const server = createServer();
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: ids.map((id) => `${hyvve}/api/auth/callback/${id}`) }],
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    features: { devInteractions: { enabled: false } },
    findAccount: (ctx, id) => PEOPLE[id] && { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) },
    interactions: { url: (ctx, { uid }) => `/interaction/${uid}` },
    // Whoever has picked somebody has agreed as well.
    loadExistingGrant: async (ctx) => {
      const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
  });
  const handle = provider.callback();
  server.on('request', async (request, response) => {
    const url = new URL(request.url, issuer);
    const uid = url.pathname.match(/^\/interaction\/([\w-]+)$/)?.[1];
    if (!uid) return handle(request, response);
    const who = url.searchParams.get('login');
    if (who) return provider.interactionFinished(request, response, { login: { accountId: who } });
    if (url.searchParams.has('abort')) return provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'No, thanks' });
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    return response.end(page(uid));
  });
  return { issuer, stop: () => { server.close(); server.closeAllConnections(); } };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { issuer } = await openidProvider(process.argv[2]);
  console.log(`issuer ${issuer}`);
  process.stdin.resume().on('end', () => process.exit(0));
}
