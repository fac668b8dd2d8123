// The command menu: opened by keyboard, from everywhere; what it offers is what the page and the person have.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';
import { approvalOf, propose, send } from '../support/story.mjs';

export default function register(test) {
  test('the command menu decides on what is open, and opens saved filters, policies and settings', (world) => commands(world));
  test('the command menu works on a phone, in the dark, and on pages that hold no application', (world) => narrow(world));
}

/** The menu of a page. */
function menuOf(page) {
  const dialog = page.getByRole('dialog', { name: 'Go to, or do' });
  const field = dialog.getByRole('combobox', { name: 'Search places and actions' });
  const options = dialog.getByRole('option');
  return {
    dialog, field, options,
    /** Opens it by keyboard, and waits for all that belongs in it. */
    open: async () => {
      await page.keyboard.press('Control+k');
      await field.waitFor();
      assert.ok(await field.evaluate((element) => element === document.activeElement), 'the field does not have the focus');
      await page.locator('#commands [id^=command-more]').first().waitFor({ state: 'attached' });
    },
    /** Types, and waits until that is chosen which stands first then. */
    type: async (text, chosen) => {
      await page.keyboard.type(text);
      const option = dialog.getByRole('option', { name: chosen, exact: true });
      await option.and(page.locator('[aria-selected=true]')).waitFor();
      assert.equal(await field.getAttribute('aria-activedescendant'), await option.getAttribute('id'));
    },
    enter: async () => {
      await page.keyboard.press('Enter');
      await dialog.waitFor({ state: 'hidden' });
    },
  };
}

async function commands({ url, browser, screens }) {
  const { context, page, complaints } = await visitor(browser);
  const home = await signUp(page, url);
  await send({ context, url }, 'POST', '/api/approval-filters', { name: 'Letters of agents', filter: { status: 'pending', type: 'send_email' } });
  const { change, mail } = await propose({ context, url });
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`${url}${home}/approvals`);
  await alive(page, 'all');
  const queue = page.getByRole('region', { name: 'Queue' });
  const approval = page.getByRole('region', { name: 'Approval', exact: true }).first();
  const menu = menuOf(page);
  const fetched = () => asked.filter((path) => path === `${home}/commands`).length;
  const option = (name) => menu.dialog.getByRole('option', { name, exact: true });
  assert.equal(fetched(), 0, 'it is fetched before anybody wants it');

  // Nothing is open: there is nothing to decide on. What does not fit is gone, and an Enter does nothing.
  await menu.open();
  await option('Next approval').waitFor();
  await option('Filter: Letters of agents').waitFor();
  for (const name of ['Approve', 'Reject', 'Undo', 'Ask the agent']) assert.equal(await option(name).count(), 0, name);
  await inspect(page, 'command-menu', { screens });
  await page.keyboard.type('no such thing');
  await menu.options.first().waitFor({ state: 'hidden' });
  assert.equal(await menu.field.getAttribute('aria-activedescendant'), null);
  await page.keyboard.press('Enter');
  await menu.dialog.waitFor();
  await page.keyboard.press('Escape');
  await menu.dialog.waitFor({ state: 'hidden' });

  // One is open: half a word goes to a place, the whole one approves it, and the key stands beside it.
  await queue.getByRole('link', { name: /Change Discount/ }).click();
  await approval.getByRole('button', { name: 'Approve', exact: true }).waitFor();
  await menu.open();
  await menu.type('appro', 'Approvals');
  await menu.type('ve', 'Approve');
  assert.equal(await option('Approve').locator('kbd').textContent(), 'a');
  assert.equal(await option('Approve').getAttribute('aria-keyshortcuts'), 'a');
  await inspect(page, 'command-menu-approve', { screens });
  assert.equal((await approvalOf({ context, url }, change.id)).status, 'pending');
  await menu.enter();
  await approval.getByRole('heading', { name: 'Done' }).waitFor();
  assert.equal((await approvalOf({ context, url }, change.id)).status, 'approved');

  // Approved and taken back.
  await queue.getByRole('link', { name: /Mail/ }).click();
  await approval.locator(`form.decision input[name="id"][value="${mail.id}"]`).waitFor({ state: 'attached' });
  await menu.open();
  await menu.type('approve', 'Approve');
  await menu.enter();
  await approval.getByRole('button', { name: 'Undo', exact: true }).waitFor();
  await menu.open();
  await menu.type('undo', 'Undo');
  await menu.enter();
  await page.getByText('Taken back. It waits for a decision again.').first().waitFor();

  // Reject and Edit go where the keys go; by the mouse as well.
  await approval.getByRole('button', { name: 'Reject', exact: true }).waitFor();
  await menu.open();
  await menu.type('reject', 'Reject');
  await menu.enter();
  await approval.locator('textarea[name="note"]:focus').waitFor();
  await menu.open();
  await menu.type('edit', 'Edit & approve');
  await menu.enter();
  await approval.locator('details[open]', { hasText: 'Edit & approve' }).locator('.input:focus').first().waitFor();
  await page.getByRole('button', { name: 'Go to… ⌘K' }).click();
  await option('Ask the agent').click();
  await menu.dialog.waitFor({ state: 'hidden' });
  await approval.locator('#ask-question:focus').waitFor();

  // What is a form on the card is sent.
  await menu.open();
  await menu.type('assign it', 'Assign it to me');
  await menu.enter();
  await approval.getByText('for Grace Tester to look at').waitFor();
  await alive(page, 'all');
  await menu.open();
  await menu.type('snooze', 'Put it off for an hour');
  await page.keyboard.press('ArrowDown');
  await option('Put it off for four hours').and(page.locator('[aria-selected=true]')).waitFor();
  await menu.enter();
  await approval.getByText(/^put off until/).waitFor();
  await alive(page, 'all');
  assert.equal((await approvalOf({ context, url }, mail.id)).status, 'pending');

  // A saved filter, a policy, a page of the settings.
  await menu.open();
  await menu.type('letters of', 'Filter: Letters of agents');
  await menu.enter();
  await page.waitForURL((to) => to.pathname === `${home}/approvals` && to.search === '?type=send_email');
  const saved = queue.getByRole('navigation', { name: 'Saved filters' }).getByRole('link', { name: 'Letters of agents' });
  await saved.and(page.locator('[aria-current=true]')).waitFor();
  await menu.open();
  await menu.type('policy: send', 'Policy: Send a mail');
  await menu.enter();
  await page.waitForURL((to) => to.pathname === `${home}/settings/approval-policy` && to.searchParams.get('tool') === 'send_email');
  await page.getByRole('main').getByRole('heading', { level: 1, name: 'Approval policy' }).waitFor();
  await menu.open();
  await menu.type('settings: mem', 'Settings: Members');
  await menu.enter();
  await page.waitForURL(`${url}${home}/settings/members`);
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}

async function narrow({ url, browser, screens }) {
  const { context, page, complaints } = await visitor(browser, { theme: 'dark', width: 320, height: 640 });
  const home = await signUp(page, url);
  const name = 'A filter whose name takes more than one line of a narrow screen';
  await send({ context, url }, 'POST', '/api/approval-filters', { name, filter: {} });
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`${url}${home}/runs`);
  await alive(page);
  const menu = menuOf(page);
  await menu.open();
  await inspect(page, 'command-menu-narrow', { screens, theme: 'dark' });
  const sideways = await page.locator('#commands').evaluate((list) => list.scrollWidth - list.clientWidth);
  assert.ok(sideways <= 0, `the list scrolls sideways by ${sideways} px`);
  await page.keyboard.press('Escape');
  await menu.dialog.waitFor({ state: 'hidden' });
  await menu.open();
  assert.equal(asked.filter((path) => path === `${home}/commands`).length, 1, 'it is fetched every time');
  assert.ok(!asked.some((path) => /come_alive|chunk_/.test(path)), 'the menu loads the application');
  await menu.type('a filter', `Filter: ${name}`);
  await menu.enter();
  await page.waitForURL((to) => to.pathname === `${home}/approvals` && to.search === '?tab=all');

  // To read, it is a page of links.
  await page.goto(`${url}${home}/commands`);
  await page.getByRole('main').getByRole('link', { name: 'Settings: Webhooks' }).waitFor();
  await inspect(page, 'commands', { screens, theme: 'dark' });
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}
