// The queue in depth: why something waits, changing it, asking about it, many at once, and the policy behind it.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';

/** Lets an agent propose a discount and a mail about it. */
async function propose({ context, url }, name, percent = 20) {
  const agents = await context.request.get(`${url}/agents`).then((reply) => reply.json());
  const agent = (agents.data ?? agents)[0];
  const message = `Give ${name} a ${percent} % discount and mail her`;
  const run = await context.request.post(`${url}/agents/${agent.id}/runs`, { form: { message, stream: 'false' }, headers: { origin: url } });
  assert.ok(run.ok(), await run.text());
}

export default function register(test) {
  test('a card says how sure HYVVE is, and is changed, asked about and talked about', ({ url, browser, screens }) => one({ url, browser, screens }));
  test('several approvals are decided at once, each by itself', ({ url, browser, screens }) => several({ url, browser, screens }));
  test('several approvals are decided at once without JavaScript', ({ url, browser }) => plain({ url, browser }));
  test('a policy is tried on what was, and says where an expression is wrong', ({ url, browser, screens }) => policy({ url, browser, screens }));
}

async function one({ url, browser, screens }) {
  const { context, page, complaints } = await visitor(browser);
  const home = await signUp(page, url);
  await propose({ context, url }, 'Ada Lovelace');
  await page.goto(`${url}${home}/approvals`);
  await alive(page, 'all');
  const queue = page.getByRole('region', { name: 'Queue' });
  const approval = page.getByRole('region', { name: 'Approval', exact: true }).first();

  // Every factor with its figures, and in a sentence.
  await queue.getByRole('link', { name: /Change Discount/ }).click();
  await approval.getByRole('heading', { name: 'Confidence' }).waitFor();
  const factors = approval.locator('.factors > li');
  assert.ok((await factors.count()) >= 5, 'too few factors');
  for (const factor of await factors.allInnerTexts()) assert.match(factor, /weighs \d+ %[\s\S]*\w{3}.*\./, factor);
  await approval.getByText('What it touches').waitFor();
  await inspect(page, 'approval-confidence', { screens });

  await approval.getByLabel('Say something about this').fill('She asked for it on the phone.');
  await approval.getByRole('button', { name: 'Comment' }).click();
  await approval.getByRole('listitem').filter({ hasText: 'She asked for it on the phone.' }).waitFor();
  await inspect(page, 'approval-comment', { screens });

  // By keyboard: e goes to the first field of what would run.
  await alive(page, 'all');
  await page.keyboard.press('e');
  const field = approval.getByLabel('Discount (%)');
  await field.waitFor();
  assert.ok(await field.evaluate((element) => element === document.activeElement), 'e does not go to the first field');
  assert.equal(await field.inputValue(), '20');
  await inspect(page, 'approval-edit', { screens });
  await field.fill('5');
  await approval.getByLabel('Notes', { exact: true }).fill('She asked on the phone.');
  await approval.getByRole('button', { name: 'Approve the changed version' }).click();
  await approval.getByText('A person changed the arguments').waitFor();
  const changed = approval.getByRole('row').filter({ hasText: 'Proposed:' });
  await changed.filter({ hasText: 'changes → discount percent' }).locator('del', { hasText: '20' }).waitFor();
  await changed.filter({ hasText: 'changes → notes' }).locator('ins', { hasText: 'She asked on the phone.' }).waitFor();
  await inspect(page, 'approval-changed', { screens });
  await approval.getByRole('heading', { name: /Change 2 fields of Ada Lovelace/ }).waitFor();
  await approval.getByRole('heading', { name: 'Done' }).waitFor();
  await approval.getByRole('link', { name: 'what the agent proposed' }).click();
  await approval.getByText('Somebody changed this before approving it').waitFor();

  // A question is neither a yes nor a no.
  await queue.getByRole('link', { name: /Mail/ }).click();
  await approval.getByText('ada.lovelace@example.com').first().waitFor();
  await approval.getByText(/^Only .* may decide\./).waitFor();
  await approval.getByText('Cost so far').waitFor();
  await approval.getByRole('button', { name: 'Take it' }).click();
  await approval.getByRole('button', { name: 'Hand it back' }).waitFor();
  await approval.getByText('Ask, hand over, put off, or set a due date').click();
  await approval.getByLabel('When it is due').waitFor();
  await inspect(page, 'approval-ways', { screens });
  await approval.getByRole('textbox', { name: 'Ask the agent' }).fill('Does she know already?');
  await approval.getByRole('button', { name: 'Ask', exact: true }).click();
  await approval.getByText('Asked the agent instead').waitFor();
  await approval.getByText('Does she know already?').first().waitFor();

  for (const [name, text] of [['By rule', 'Nothing goes on by itself yet'], ['Second look', 'Nobody is asked for a second look']]) {
    await queue.getByRole('link', { name }).click();
    await queue.getByText(text).waitFor();
    await inspect(page, `approvals-${name.toLowerCase().replace(' ', '-')}`, { screens });
  }
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}

async function several({ url, browser, screens }) {
  const { context, page, complaints } = await visitor(browser, { theme: 'dark' });
  const home = await signUp(page, url);
  for (const name of ['Ada Lovelace', 'Grace Hopper']) await propose({ context, url }, name);
  await page.goto(`${url}${home}/approvals`);
  await alive(page, 'all');
  const queue = page.getByRole('region', { name: 'Queue' });
  const rows = queue.getByRole('listitem');
  const boxes = queue.getByRole('checkbox');
  const bar = queue.getByRole('region', { name: 'Selected approvals' });
  const checked = () => boxes.evaluateAll((all) => all.filter((box) => box.checked).length);
  await boxes.nth(3).waitFor();
  assert.equal(await bar.isVisible(), false, 'a bar without a selection');

  // The keyboard selects what shows, a click with Shift all up to there, a box itself.
  await page.keyboard.press('j');
  await page.waitForURL(/approvals\/[0-9a-f-]+$/);
  await page.keyboard.press('x');
  await bar.getByText('1 selected').waitFor();
  await rows.nth(3).getByRole('link').click({ modifiers: ['Shift'] });
  await bar.getByText('4 selected: 2 × Send a mail, 2 × Change a record; 2 cannot be taken back').waitFor();
  await bar.getByText(/^2 × Change a record: \d records? of Customers/).waitFor();
  assert.equal(context.pages().length, 1, 'a window was opened');
  await boxes.nth(1).click();
  await bar.getByText('3 selected').waitFor();
  await page.keyboard.press('Escape');
  await bar.waitFor({ state: 'hidden' });
  assert.equal(await checked(), 0);
  await boxes.nth(0).click();
  await boxes.nth(3).click({ modifiers: ['Shift'] });
  assert.equal(await checked(), 4);
  await inspect(page, 'approvals-bulk', { screens, theme: 'dark' });

  // Nothing is rejected without a reason.
  await bar.getByRole('button', { name: 'Reject' }).click();
  await bar.getByText('Please say why').waitFor();
  assert.equal(await rows.count(), 4);

  // One of them is not what the list showed: it stays, selected and with the reason; the others can be taken back at once.
  const spoil = (route) => route.continue({ postData: route.request().postData().replace(/(\.)[0-9a-f]{64}/, `$1${'0'.repeat(64)}`) });
  await page.route('**/_fn/approvals/bulk', spoil);
  await bar.getByRole('button', { name: 'Approve' }).click();
  await queue.getByText('3 approved, 1 refused.').waitFor();
  await page.keyboard.press('z');
  const stays = rows.filter({ has: page.getByRole('alert') });
  await stays.getByText('This is not what you were shown').waitFor();
  assert.equal(await stays.getByRole('checkbox').isChecked(), true, 'what was refused is not selected any more');
  await page.getByText('3 taken back').waitFor();
  await rows.nth(3).waitFor();
  assert.equal(await checked(), 1);
  await page.unroute('**/_fn/approvals/bulk');
  await inspect(page, 'approvals-bulk-refused', { screens, theme: 'dark' });

  await boxes.evaluateAll((all) => all.filter((box) => !box.checked).forEach((box) => box.click()));
  await bar.getByText('4 selected').waitFor();
  await bar.getByRole('textbox').fill('Not this month');
  await bar.getByRole('button', { name: 'Reject' }).click();
  await queue.getByText('4 rejected.').waitFor();
  await queue.getByText('Nothing waits for you').waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Select an approval').waitFor();
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}

async function plain({ url, browser }) {
  const { context, page } = await visitor(browser, { script: false, width: 320, height: 640 });
  const home = await signUp(page, url);
  await propose({ context, url }, 'Ada Lovelace');
  await page.goto(`${url}${home}/approvals`);
  const queue = page.getByRole('region', { name: 'Queue' });
  await queue.getByRole('checkbox', { name: /Mail/ }).check();
  await queue.getByRole('button', { name: 'Reject' }).click();
  await page.getByRole('heading', { name: 'Reject what you selected?' }).waitFor();
  assert.notEqual(await page.getByLabel('Why? The agents are told.').getAttribute('required'), null, 'a reason has to be given');
  await page.getByRole('link', { name: 'Back to the list' }).click();
  for (const box of await queue.getByRole('checkbox').all()) await box.check();
  await queue.getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('heading', { name: 'Approve what you selected?' }).waitFor();
  await page.getByRole('button', { name: 'Approve these' }).click();
  await queue.getByText('2 approved.').waitFor();
  await queue.getByText('Nothing waits for you').waitFor();
  await context.close();
}

async function policy({ url, browser, screens }) {
  const { context, page, complaints } = await visitor(browser);
  const home = await signUp(page, url);
  await propose({ context, url }, 'Ada Lovelace');
  await page.goto(`${url}${home}/settings/approval-policy?tool=update_record`);
  const main = page.getByRole('main');
  await main.getByLabel('Name of rule 1').fill('Large discounts');
  await main.getByLabel('When rule 1 applies').fill('changes.discount_percent >');
  await main.getByRole('button', { name: 'Save' }).click();
  await main.getByRole('alert').filter({ hasText: /column 27/i }).waitFor();
  assert.equal(await main.getByLabel('When rule 1 applies').inputValue(), 'changes.discount_percent >', 'what was typed is kept');
  await inspect(page, 'policy-wrong', { screens });
  await main.getByLabel('When rule 1 applies').fill('changes.discount_percent > 10');
  await main.getByRole('button', { name: 'Try it on the last 90 days' }).click();
  await main.getByText('This would have let 0 of 1 go on by themselves; people had rejected none of those.').waitFor();
  await main.getByText('“Large discounts” would have applied to 1 proposal.').waitFor();
  await inspect(page, 'policy-tried', { screens });
  await main.getByRole('button', { name: 'Save' }).click();
  await main.getByText(/^Saved: version \d+ holds from now on\.$/).waitFor();
  await main.getByText('changes.discount_percent > 10').first().waitFor();
  await inspect(page, 'policy-saved', { screens });
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}
