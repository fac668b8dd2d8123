// One decision and its way back: Undo by button and by key, before anything was done; and without it, it is done.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';
import { start } from '../support/server.mjs';
import { approvalOf, propose } from '../support/story.mjs';

/** So long an approval can be taken back: enough for slow hands, and for waiting until it would have begun. */
const UNDO_SECONDS = 8;

export default function register(test) {
  test('an approval is taken back by button and by key before anything was done, and waits again', async ({ browser, screens }) => {
    const server = await start(async () => ({ HYVVE_UNDO_SECONDS: String(UNDO_SECONDS) }));
    try {
      await undone({ url: server.url, browser, screens });
    } finally {
      await server.stop();
    }
  });
}

async function undone({ url, browser, screens }) {
  const { context, page, complaints } = await visitor(browser);
  const home = await signUp(page, url);
  const { change } = await propose({ context, url });
  await page.goto(`${url}${home}/approvals/${change.id}`);
  await alive(page, 'all');
  const queue = page.getByRole('region', { name: 'Queue' });
  const approval = page.getByRole('region', { name: 'Approval', exact: true }).first();
  const approve = approval.getByRole('button', { name: 'Approve', exact: true });
  const row = queue.getByRole('link', { name: /Change Discount/ });
  const version = async () => {
    const other = await context.newPage();
    await other.goto(`${url}${home}/records/customers?q=Ada+Lovelace`);
    await other.getByRole('main').getByRole('link', { name: 'Ada Lovelace' }).click();
    const text = await other.getByRole('main').getByText(/version \d+/i).first().innerText();
    await other.close();
    return Number(text.match(/version (\d+)/i)[1]);
  };
  const before = await version();
  const waits = async () => {
    await approve.waitFor();
    await row.waitFor();
    await approval.getByText('Nothing has happened yet.').waitFor();
    assert.equal((await approvalOf({ context, url }, change.id)).status, 'pending');
  };

  // By button. Well after it would have begun, nothing has.
  await approve.click();
  await approval.getByText(/^It begins in \d+ s/).waitFor();
  assert.equal((await approvalOf({ context, url }, change.id)).status, 'approved');
  await approval.getByRole('button', { name: 'Undo', exact: true }).click();
  await page.getByText('Taken back. It waits for a decision again.').first().waitFor();
  await waits();
  await page.waitForTimeout((UNDO_SECONDS + 2) * 1000);
  await waits();
  assert.equal(await version(), before, 'what was taken back was done');
  await inspect(page, 'approval-taken-back', { screens });

  // By key, where Undo says which one.
  await page.keyboard.press('a');
  const undo = approval.getByRole('button', { name: 'Undo', exact: true });
  await undo.waitFor();
  assert.equal(await undo.getAttribute('aria-keyshortcuts'), 'z');
  await page.keyboard.press('z');
  await waits();
  assert.equal(await version(), before);

  // Both stand in the history; and what nobody takes back is done.
  await approval.getByText('Approval taken back').nth(1).waitFor();
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.keyboard.press('a');
  await undo.waitFor();
  await inspect(page, 'approval-undo', { theme: 'dark' });
  await approval.getByRole('heading', { name: 'Done' }).waitFor();
  assert.equal(await undo.count(), 0, 'Undo for what is done');
  assert.equal(await version(), before + 1);
  await page.keyboard.press('z');
  await page.waitForTimeout(500);
  assert.equal((await approvalOf({ context, url }, change.id)).status, 'approved');
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}
