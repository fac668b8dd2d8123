// What works without JavaScript, on a narrow screen, and for whoever is not signed in.
import assert from 'node:assert/strict';
import { inspect, signUp, visitor } from '../support/browser.mjs';
import { propose, send } from '../support/story.mjs';

const PAGES = ['', '/approvals', '/agents', '/runs', '/records', '/records/customers', '/mailbox', '/notifications', '/welcome', '/commands', '/settings/general', '/settings/notifications', '/settings/members', '/settings/api-keys', '/settings/webhooks', '/settings/events', '/settings/events/dead-letters', '/settings/security', '/settings/ai-providers', '/settings/audit-log', '/settings/approval-policy', '/settings/approval-policy/calibration', '/settings/approval-policy/grants', '/usage', '/usage/budgets', '/usage/prices', '/chat'];

const ACCOUNT = ['/account/profile', '/account/security', '/account/security?delete=1', '/account/security?add=app', '/account/security?add=passkey', '/account/sessions', '/account/workspaces'];
const OPERATOR = ['/operator/jobs', '/operator/letters'];
// Who tries HYVVE out, and runs it.
const DEMO = { email: 'demo@hyvve.local', password: 'hyvve-demo-2026' };
const DOORS = ['/sign-in', '/sign-in/link', '/sign-in/second-factor', '/sign-up', '/forgot-password', '/reset-password?token=x', '/verify-email', '/docs/events', '/api/docs'];

/** The pages of one thing each, once there is one of each. */
async function ofOne({ context, url }) {
  const world = { context, url };
  const { change } = await propose(world);
  const webhook = await send(world, 'POST', '/api/webhooks', { url: 'http://127.0.0.1:9/hooks', events: ['nothing.'] });
  const first = async (path) => (await send(world, 'GET', path)).data[0];
  const [run, record] = [await first('/api/runs'), await first('/api/collections/customers/records')];
  return [
    `/approvals/${change.id}`, `/approvals/selected/decide?verdict=reject&picked=${change.id}.${change.hash}`, `/chat/${run.sessionId}`, `/agents/${run.agentId}`, `/runs/${run.id}`,
    `/records/customers/${record.id}`, `/settings/webhooks/${webhook.data.id}`,
  ];
}

export default function register(test) {
  test('sign-up and every page read without JavaScript', async ({ url, browser }) => {
    const { context, page } = await visitor(browser, { script: false });
    const home = await signUp(page, url);
    for (const path of [...PAGES, ...await ofOne({ context, url })]) {
      const reply = await page.goto(`${url}${home}${path}`);
      assert.equal(reply.status(), 200, path);
      assert.ok((await page.getByRole('main').innerText()).length > 20, `${path} shows nothing`);
    }
    for (const path of ACCOUNT) {
      assert.equal((await page.goto(`${url}${path}`)).status(), 200, path);
    }
    await page.goto(`${url}/account/profile`);
    await page.getByLabel('Your name').fill('Countess Tester');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('status').getByText('Saved.').waitFor();
    await page.goto(`${url}${home}/records/customers?q=Lovelace`);
    await page.getByText('Ada Lovelace').first().waitFor();
    await context.close();
  });

  for (const theme of ['light', 'dark']) {
    test(`every page fits a narrow screen (${theme})`, async ({ url, browser }) => {
      const { context, page } = await visitor(browser, { theme, width: 320, height: 640 });
      const look = async (paths) => {
        for (const path of paths) {
          await page.goto(`${url}${path}`);
          await inspect(page, `narrow${path}`, { theme });
        }
      };
      await look(DOORS);
      const home = await signUp(page, url);
      await look([...[...PAGES, ...await ofOne({ context, url })].map((path) => `${home}${path}`), ...ACCOUNT]);
      await context.close();

      const operator = await visitor(browser, { theme, width: 320, height: 640 });
      await operator.page.goto(`${url}/sign-in`);
      await operator.page.getByLabel('E-mail').fill(DEMO.email);
      await operator.page.getByLabel('Password').fill(DEMO.password);
      await operator.page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await operator.page.waitForURL(/\/w\//);
      for (const path of OPERATOR) {
        assert.equal((await operator.page.goto(`${url}${path}`)).status(), 200, path);
        await inspect(operator.page, `narrow${path}`, { theme });
      }
      await operator.context.close();
    });
  }

  test('whoever is not signed in is sent to sign in and comes back to the same page', async ({ url, browser }) => {
    const first = await visitor(browser);
    const home = await signUp(first.page, url);
    await first.context.close();
    const { context, page } = await visitor(browser);
    await page.goto(`${url}/w/demo-does-not-matter/runs`);
    assert.match(page.url(), /\/sign-in\?next=/);
    await page.getByLabel('E-mail').fill('demo@hyvve.local');
    await page.getByLabel('Password').fill('wrong password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('E-mail address or password is wrong.').waitFor();
    assert.equal(await page.getByLabel('E-mail').inputValue(), 'demo@hyvve.local', 'what was typed is kept');
    await page.goto(`${url}/sign-in?next=${encodeURIComponent('//evil.example/')}`);
    await page.getByLabel('E-mail').fill('demo@hyvve.local');
    await page.getByLabel('Password').fill('hyvve-demo-2026');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(/\/w\//);
    assert.ok(page.url().startsWith(url), 'a foreign address was followed');
    // Another's workspace answers like one that does not exist.
    for (const path of [home, '/w/there-is-none']) {
      const reply = await page.goto(`${url}${path}/approvals`);
      assert.equal(reply.status(), 404, path);
    }
    await context.close();
  });
}
