// Who runs the installation: sees how the jobs of all workspaces go; nobody else does.
import assert from 'node:assert/strict';
import { inspect, signUp, visitor } from '../support/browser.mjs';

const DEMO = { email: 'demo@hyvve.local', password: 'hyvve-demo-2026' };

export default function register(test) {
  for (const theme of ['light', 'dark']) {
    test(`the demo account sees how the jobs of all workspaces go, on a phone as well (${theme})`, (world) => operator(world, theme));
  }
  test('whoever does not run the installation sees no jobs of it', (world) => others(world));
}

async function operator({ url, browser, screens }, theme) {
  const { context, page, complaints } = await visitor(browser, { theme, width: 320, height: 640 });
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('E-mail').fill(DEMO.email);
  await page.getByLabel('Password').fill(DEMO.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(/\/w\//);

  // From the face in the header to the account, and from there to the jobs.
  await page.locator('summary[aria-label="Your account"]').click();
  await page.getByRole('link', { name: 'Your account' }).click();
  await page.waitForURL(`${url}/account/profile`);
  await inspect(page, 'account-of-operator', { screens, theme });
  await page.getByRole('navigation', { name: 'Your account' }).getByRole('link', { name: 'Jobs of all workspaces' }).click();
  await page.waitForURL(`${url}/operator/jobs`);
  await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
  const kinds = page.getByRole('region', { name: 'Jobs by kind' });
  await kinds.getByRole('columnheader', { name: 'Due now' }).waitFor();
  await kinds.getByRole('rowheader', { name: 'Letters', exact: true }).waitFor();
  await page.getByRole('region', { name: 'What recurs' }).getByRole('rowheader', { name: 'Purging deleted workspaces' }).waitFor();
  await page.getByRole('region', { name: 'Who works on jobs' }).getByText('works', { exact: true }).first().waitFor();
  await inspect(page, 'operator-jobs', { screens, theme });

  // Wide tables scroll by themselves, and by keyboard.
  const sideways = await kinds.evaluate((region) => region.scrollWidth > region.clientWidth);
  assert.ok(sideways, 'the table fits, so this proves nothing');
  await kinds.focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction((region) => region.scrollLeft > 0, await kinds.elementHandle());
  await page.getByRole('link', { name: 'Back to your workspace' }).click();
  await page.waitForURL(/\/w\//);
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}

async function others({ url, browser }) {
  const { context, page } = await visitor(browser);
  await signUp(page, url);
  await page.goto(`${url}/account/profile`);
  const account = page.getByRole('navigation', { name: 'Your account' });
  await account.getByRole('link', { name: 'Sessions' }).waitFor();
  assert.equal(await account.getByRole('link', { name: /Jobs/ }).count(), 0, 'the way to the jobs shows');
  const jobs = await page.goto(`${url}/operator/jobs`);
  const nothing = await context.request.get(`${url}/operator/nothing`);
  assert.deepEqual([jobs.status(), nothing.status()], [404, 404]);
  assert.equal(await page.getByRole('region', { name: 'Jobs by kind' }).count(), 0);
  assert.equal((await context.request.get(`${url}/api/operator/jobs`)).status(), 404);
  await inspect(page, 'operator-jobs-refused');

  // Whoever is not signed in is asked to, and comes to the same.
  const nobody = await visitor(browser, { script: false });
  await nobody.page.goto(`${url}/operator/jobs`);
  assert.match(nobody.page.url(), /\/sign-in\?next=/);
  for (const one of [context, nobody.context]) await one.close();
}
