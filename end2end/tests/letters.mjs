// The link of a letter: whoever opens it, a program or a person, sees the card, and has decided nothing.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';
import { start } from '../support/server.mjs';
import { approvalOf, propose, send } from '../support/story.mjs';

const PASSWORD = 'a long enough password';

export default function register(test) {
  test('the link of a letter opens the card, and the approval still waits', async ({ browser, screens }) => {
    const folder = mkdtempSync(join(tmpdir(), 'hyvve-letters-'));
    const server = await start(async () => ({ HYVVE_MAIL_FOLDER: folder }));
    try {
      await linked({ url: server.url, browser, screens, folder });
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

/** The texts of all letters, as they read. */
const texts = (folder) => readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('=\r\n', '').replaceAll('=3D', '='));

async function linked({ url, browser, screens, folder }) {
  const { context, page, complaints } = await visitor(browser);
  const home = await signUp(page, url);
  const { user } = await context.request.get(`${url}/api/auth/session`).then((reply) => reply.json());
  const { data: [workspace] } = await context.request.get(`${url}/api/workspaces`).then((reply) => reply.json());
  await send({ context, url }, 'PATCH', `/api/workspaces/${workspace.id}/notification-settings`, {
    channels: { approval_waiting: { inApp: true, mail: 'now', webhook: false } },
  });
  const { change, mail } = await propose({ context, url });

  // The letter names what waits, each with its card's address.
  let letter;
  for (let tries = 0; !letter; tries++) {
    assert.ok(tries < 300, 'no letter came');
    await page.waitForTimeout(100);
    letter = texts(folder).find((text) => [change, mail].every(({ id }) => text.includes(`/approvals/${id}`)));
  }
  assert.ok(letter.includes(user.email), 'the letter is for somebody else');
  const link = letter.match(new RegExp(`https?://[^\\s"<>]+${home}/approvals/${change.id}`))?.[0];
  assert.equal(link, `${url}${home}/approvals/${change.id}`);
  for (const [, address] of letter.matchAll(/(https?:\/\/[^\s"<>]+)/g)) {
    assert.ok(!/approve|reject|verdict|token/.test(address.slice(url.length).replace('/approvals', '')), `${address} does more than show`);
  }

  // Programs open links in letters; with and without the person's session.
  const blind = await fetch(link, { redirect: 'manual' });
  assert.ok(blind.status === 303 && blind.headers.get('location').startsWith('/sign-in?next='), `${blind.status}`);
  for (const method of ['HEAD', 'GET', 'GET']) {
    const seen = await context.request.fetch(link, { method });
    assert.equal(seen.status(), 200);
  }
  assert.equal((await approvalOf({ context, url }, change.id)).status, 'pending');

  // A person, on a phone where nobody is signed in yet.
  const phone = await visitor(browser, { theme: 'dark', width: 320, height: 640 });
  await phone.page.goto(link);
  await phone.page.waitForURL(/\/sign-in\?next=/);
  await phone.page.getByLabel('E-mail').fill(user.email);
  await phone.page.getByLabel('Password').fill(PASSWORD);
  await phone.page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await phone.page.waitForURL(link);
  await alive(phone.page, 'all');
  const approval = phone.page.getByRole('region', { name: 'Approval', exact: true }).first();
  await approval.getByRole('heading', { level: 1, name: /Change Discount/ }).waitFor();
  await approval.getByText('Nothing has happened yet.').waitFor();
  await approval.getByRole('button', { name: 'Approve', exact: true }).waitFor();
  await inspect(phone.page, 'approval-from-letter', { screens, theme: 'dark' });
  await phone.page.emulateMedia({ colorScheme: 'light' });
  await inspect(phone.page, 'approval-from-letter', { screens });
  assert.equal((await approvalOf({ context, url }, change.id)).status, 'pending', 'a look has decided');

  // It is decided by who presses the button, and only then.
  await approval.getByRole('button', { name: 'Approve', exact: true }).click();
  await approval.getByRole('heading', { name: 'Done' }).waitFor();
  assert.deepEqual([...complaints, ...phone.complaints], [], 'the console complained');
  for (const one of [context, phone.context]) await one.close();
}
