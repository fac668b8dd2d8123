// Fast hands and several eyes: the queue by keyboard alone, fifty at once, two people at one card, and a browser that was away.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';

const PASSWORD = 'a long enough password';

/** A browser that nobody looks at: requests of one more person, in the first one's workspace. */
async function colleague({ browser, url, host, role, name }) {
  const context = await browser.newContext();
  const post = async (of, path, data, workspace) => {
    const reply = await of.request.post(`${url}${path}`, { data, headers: { origin: url, ...(workspace && { 'x-workspace-id': workspace }) } });
    assert.ok(reply.ok(), `${path}: ${await reply.text()}`);
    return reply.json();
  };
  const { data: [{ id: workspace }] } = await host.request.get(`${url}/api/workspaces`).then((reply) => reply.json());
  await post(context, '/api/auth/sign-up/email', { name, email: `${name.toLowerCase().replaceAll(' ', '.')}-${Date.now()}@example.com`, password: PASSWORD });
  const invited = await post(host, `/api/workspaces/${workspace}/invitations`, { role });
  await post(context, '/api/invitations/accept', { token: invited.data.link.split('/').at(-1) });
  return { context, workspace, post: (path, data) => post(context, path, data, workspace) };
}

/** A workspace in which that many proposals of a program wait for its owner. */
async function filled({ browser, url, many, theme }) {
  const { context, page, complaints } = await visitor(browser, { theme });
  const home = await signUp(page, url);
  const program = await colleague({ browser, url, host: context, role: 'member', name: 'Mia Program' });
  const ids = [];
  for (let n = 1; n <= many; n++) {
    const made = await program.post('/api/approvals', { action: 'refund', title: `Refund number ${n}`, arguments: { payment: `p-${n}`, amount: n } });
    ids.push(made.data.id);
  }
  return { context, page, complaints, home, program, ids };
}

const statusOf = ({ context, url, workspace }, id) => context.request
  .get(`${url}/api/approvals/${id}`, { headers: { 'x-workspace-id': workspace } })
  .then((reply) => reply.json()).then((body) => body.data.status);

export default function register(test) {
  test('twenty approvals are decided by keyboard alone within a minute', ({ url, browser }) => twenty({ url, browser }));
  test('fifty are approved at once, and three that are not what was shown stay', ({ url, browser, screens }) => fifty({ url, browser, screens }));
  test('of two people at one card one decides, and the other one sees who', ({ url, browser, screens }) => two({ url, browser, screens }));
  test('a browser that was away for a minute says so, and catches up by itself', ({ url, browser, screens }) => away({ url, browser, screens }));
}

async function twenty({ url, browser }) {
  const { context, page, complaints, home, program, ids } = await filled({ browser, url, many: 20 });
  await page.goto(`${url}${home}/approvals`);
  await alive(page, 'all');
  const queue = page.getByRole('region', { name: 'Queue' });
  const approval = page.getByRole('region', { name: 'Approval', exact: true }).first();
  const rows = queue.getByRole('listitem');
  await rows.nth(19).waitFor();
  const began = Date.now();
  let id = 'none';
  for (let left = 20; left > 0; left--) {
    await page.keyboard.press('j');
    // The one before has gone from the list, and still stands in the address.
    await page.waitForURL(({ pathname }) => /approvals\/[0-9a-f-]+$/.test(pathname) && !pathname.endsWith(`/${id}`));
    id = page.url().split('/').at(-1);
    await approval.locator(`form.decision input[name="id"][value="${id}"]`).waitFor({ state: 'attached' });
    if (left % 5 === 0) {
      await page.keyboard.press('r');
      await approval.locator('textarea[name="note"]:focus').waitFor();
      await page.keyboard.type('Not now');
      await page.keyboard.press('Control+Enter');
    } else {
      await page.keyboard.press('a');
    }
    await queue.locator(`li:not([hidden]) a[href$="${id}"]`).waitFor({ state: 'detached' });
  }
  const took = Date.now() - began;
  await queue.getByText('Nothing waits for you').waitFor();
  assert.ok(took < 60_000, `it took ${took} ms`);
  const said = [];
  for (const id of ids) said.push(await statusOf({ context, url, workspace: program.workspace }, id));
  assert.deepEqual([said.filter((one) => one === 'approved').length, said.filter((one) => one === 'rejected').length], [16, 4], said.join());
  assert.deepEqual(complaints, [], 'the console complained');
  for (const one of [context, program.context]) await one.close();
}

async function fifty({ url, browser, screens }) {
  const { context, page, complaints, home, program, ids } = await filled({ browser, url, many: 50, theme: 'dark' });
  await page.goto(`${url}${home}/approvals`);
  await alive(page, 'all');
  const queue = page.getByRole('region', { name: 'Queue' });
  const boxes = queue.getByRole('checkbox');
  const bar = queue.getByRole('region', { name: 'Selected approvals' });
  await boxes.nth(49).waitFor();
  await boxes.first().click();
  await boxes.nth(49).click({ modifiers: ['Shift'] });
  await bar.getByText('50 selected').waitFor();
  let left = 3;
  await page.route('**/_fn/approvals/bulk', (route) => route.continue({ postData: route.request().postData().replace(/(\.)[0-9a-f]{64}/g, (all, dot) => (left-- > 0 ? `${dot}${'0'.repeat(64)}` : all)) }));
  await bar.getByRole('button', { name: 'Approve' }).click();
  await queue.getByText('47 approved, 3 refused.').waitFor();
  const stays = queue.getByRole('listitem').filter({ has: page.getByRole('alert') });
  await stays.nth(2).waitFor();
  assert.equal(await stays.count(), 3);
  await inspect(page, 'approvals-fifty', { screens, theme: 'dark' });
  const said = [];
  for (const id of ids) said.push(await statusOf({ context, url, workspace: program.workspace }, id));
  assert.equal(said.filter((one) => one === 'pending').length, 3, said.join());
  assert.deepEqual(complaints, [], 'the console complained');
  for (const one of [context, program.context]) await one.close();
}

async function two({ url, browser, screens }) {
  const { context, page, complaints, home, program, ids: [first, second] } = await filled({ browser, url, many: 2 });
  const ada = await colleague({ browser, url, host: context, role: 'admin', name: 'Ada Lovelace' });
  const beside = await ada.context.newPage();
  beside.setDefaultTimeout(15_000);
  const card = (of) => of.getByRole('region', { name: 'Approval', exact: true }).first();
  const open = async (of, id) => { await of.goto(`${url}${home}/approvals/${id}`); await alive(of, 'all'); await card(of).getByRole('button', { name: 'Approve' }).waitFor(); };

  // One decides while the other looks: it shows there without a reload, and soon.
  await open(page, first);
  await open(beside, first);
  await card(page).getByRole('button', { name: 'Approve' }).click();
  await card(beside).getByText(/Approved by Grace Tester|Grace Tester approved/).first().waitFor({ timeout: 2_000 });
  assert.equal(await card(beside).getByRole('button', { name: 'Approve' }).count(), 0, 'a button for what is decided');
  await inspect(beside, 'approval-decided-elsewhere', { screens });

  // Both press before either hears of the other.
  await open(page, second);
  await open(beside, second);
  const replies = [];
  for (const one of [page, beside]) one.on('response', (reply) => { if (reply.url().includes('/_fn/approvals/decide')) replies.push(reply.status()); });
  await Promise.all([page, beside].map((one) => card(one).getByRole('button', { name: 'Approve' }).click()));
  for (let tries = 0; replies.length < 2 && tries < 200; tries++) await page.waitForTimeout(25);
  assert.deepEqual(replies.toSorted(), [200, 409]);
  for (const one of [page, beside]) await card(one).getByText(/approved/i).first().waitFor();
  assert.equal(await statusOf({ context, url, workspace: program.workspace }, second), 'approved');
  assert.deepEqual(complaints.filter((one) => !one.includes('409')), [], 'the console complained');
  for (const one of [context, ada.context, program.context]) await one.close();
}

async function away({ url, browser, screens }) {
  const { context, page, home, program } = await filled({ browser, url, many: 1 });
  await page.goto(`${url}${home}/approvals`);
  await alive(page, 'all');
  const queue = page.getByRole('region', { name: 'Queue' });
  await queue.getByRole('listitem').first().waitFor();
  await context.setOffline(true);
  await page.getByText('Reconnecting…').first().waitFor({ timeout: 45_000 });
  await program.post('/api/approvals', { action: 'refund', title: 'While you were away', arguments: { payment: 'p-2', amount: 2 } });
  await page.waitForTimeout(60_000);
  await inspect(page, 'approvals-offline', { screens });
  assert.equal(await queue.getByText('While you were away').count(), 0, 'it is not offline at all');
  await context.setOffline(false);
  await queue.getByText('While you were away').waitFor({ timeout: 30_000 });
  await page.getByText('Reconnecting…').first().waitFor({ state: 'hidden', timeout: 30_000 });
  for (const one of [context, program.context]) await one.close();
}
