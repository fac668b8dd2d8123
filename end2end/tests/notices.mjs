// What one is told: the bell that counts it, its dialog, the page behind it, and the choices.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';

export default function register(test) {
  test('the bell counts what was not read, and shows it with and without JavaScript', ({ url, browser, screens }) => bell({ url, browser, screens }));
}

async function bell({ url, browser, screens }) {
  const { context, page, complaints } = await visitor(browser);
  const home = await signUp(page, url);
  await page.goto(`${url}${home}/settings/notifications`);
  await alive(page);
  await inspect(page, 'notification-settings', { screens });
  await page.goto(`${url}${home}/agents`);
  await alive(page);
  const counted = page.locator('#unread');
  assert.equal(await counted.innerText(), '');

  // Something waits: the bell says so by itself.
  const agents = await context.request.get(`${url}/agents`).then((reply) => reply.json());
  const message = 'Give Ada Lovelace a 20 % discount and mail her';
  const run = await context.request.post(`${url}/agents/${(agents.data ?? agents)[0].id}/runs`, { form: { message, stream: 'false' }, headers: { origin: url } });
  assert.ok(run.ok(), await run.text());
  await counted.filter({ hasText: '1' }).waitFor();

  // By keyboard into the dialog, and back to the bell.
  const link = page.getByRole('link', { name: /^Notifications/ }).first();
  await link.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Notifications' });
  await dialog.getByRole('link', { name: '2 approvals wait for a decision' }).waitFor();
  await inspect(page, 'notification-dialog', { screens });
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.ok(await link.evaluate((element) => element === document.activeElement), 'the focus is not at the bell again');

  // From the dialog to what it is about.
  await link.click();
  await dialog.getByRole('link', { name: /approvals wait/ }).click();
  await page.waitForURL(`**${home}/approvals`);
  await alive(page, 'all');
  await link.click();
  await dialog.getByRole('button', { name: /^Mark as read/ }).click();
  await page.waitForLoadState('load');
  await alive(page, 'all');
  await counted.filter({ hasText: /^$/ }).waitFor({ state: 'attached' });
  await page.goto(`${url}${home}/notifications`);
  await inspect(page, 'notifications', { screens });
  await page.emulateMedia({ colorScheme: 'dark' });
  await inspect(page, 'notifications', { screens, theme: 'dark' });
  await page.goto(`${url}${home}/settings/notifications`);
  await inspect(page, 'notification-settings', { screens, theme: 'dark' });
  assert.deepEqual(complaints, []);
  await context.close();
}
