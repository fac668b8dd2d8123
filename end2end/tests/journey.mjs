// From sign-up to an approved action, as a newcomer does it.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';

const MESSAGE = 'Give Ada Lovelace a 20 % discount and mail her';

export default function register(test) {
  for (const theme of ['light', 'dark']) {
    test(`a newcomer gets from sign-up to one approved and one rejected action (${theme})`, (world) => journey(world, theme));
  }
}

async function journey({ url, browser, screens }, theme) {
  const { context, page, complaints } = await visitor(browser, { theme });
  const look = (name) => inspect(page, name, { screens, theme });
  await page.goto(`${url}/sign-in`);
  await look('sign-in');
  await page.goto(`${url}/sign-up`);
  await look('sign-up');
  const home = await signUp(page, url);
  await look('home-empty');

  // The agent is asked; the answer streams; two calls wait, in the chat and in the queue.
  const chat = page.getByRole('complementary', { name: 'Chat' });
  await alive(page);
  if (!(await chat.isVisible())) await page.keyboard.press('c');
  await chat.getByRole('textbox', { name: 'Message' }).fill(MESSAGE);
  await chat.getByRole('textbox', { name: 'Message' }).press('Enter');
  await chat.getByText(MESSAGE).first().waitFor();
  await chat.getByText('Change Discount (%) of Ada Lovelace from 0 to 20').first().waitFor();
  await chat.getByText('Mail “Your 20 % discount” to ada.lovelace@example.com').first().waitFor();
  const waiting = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /Approvals/ });
  await waiting.getByText('2').waitFor();
  await look('chat-waiting');

  // The queue: exactly what would run.
  await page.goto(`${url}${home}/approvals`);
  const queue = page.getByRole('region', { name: 'Queue' });
  await queue.getByRole('link', { name: /Change Discount/ }).click();
  const approval = page.getByRole('region', { name: 'Approval', exact: true }).first();
  await approval.getByText('Discount (%)').first().waitFor();
  await look('approval-record');
  await approval.getByRole('button', { name: /Approve/ }).click();
  await approval.getByText(/approved/i).first().waitFor();
  await queue.getByRole('link', { name: /Mail/ }).click();
  await approval.getByText('ada.lovelace@example.com').first().waitFor();
  await approval.getByText('Kind regards').first().waitFor();
  await look('approval-mail');
  await approval.getByText('Add a note, or the reason for a rejection').click();
  await approval.getByLabel('Note, or the reason for a rejection').fill('She gets a letter instead');
  await approval.getByRole('button', { name: /Reject/ }).click();
  await approval.getByText(/rejected/i).first().waitFor();

  // The run goes on and says truthfully what was and what was not done.
  await chat.getByText(/Not done/).first().waitFor();
  await chat.getByText(/rejected it/).first().waitFor();
  await look('approvals-decided');

  await page.goto(`${url}${home}/records/customers?q=Ada+Lovelace`);
  await page.getByRole('main').getByRole('link', { name: 'Ada Lovelace' }).click();
  await page.getByRole('main').getByText(/version 2/i).first().waitFor();
  await look('record');
  for (const [name, path] of [
    ['home', ''], ['approvals', '/approvals'], ['agents', '/agents'], ['runs', '/runs'], ['records', '/records'],
    ['customers', '/records/customers'], ['invoices', '/records/invoices'], ['mailbox', '/mailbox'], ['ai-providers', '/settings/ai-providers'],
    ['audit-log', '/settings/audit-log'], ['chat', '/chat'],
  ]) {
    await page.goto(`${url}${home}${path}`);
    await look(name);
  }
  await page.goto(`${url}${home}/mailbox`);
  // The chat beside it may well speak of the mail.
  await page.getByRole('main').getByText('No mail').waitFor();
  assert.equal(await page.getByRole('main').getByText('Your 20 % discount').count(), 0, 'the rejected mail is in the mailbox');
  await page.goto(`${url}${home}/runs`);
  await page.getByRole('main').getByRole('link', { name: new RegExp(MESSAGE.slice(0, 20)) }).first().click();
  await page.getByText('update_record').first().waitFor();
  await look('run');

  await page.goto(`${url}${home}/settings/audit-log`);
  await page.getByText(/rejected/i).first().waitFor();
  await page.getByRole('main').getByRole('link', { name: 'Verify' }).click();
  await page.getByText(/^All good: \d+ entries checked/).waitFor();
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}
