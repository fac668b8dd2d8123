// Three steps to the AI of one's own: whose, its key, its model. The same conversation runs on it, and an agent has its own model.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';
import { DIALECTS } from '../support/dialects.mjs';
import { native, provider } from '../support/provider.mjs';

const KEY = 'sk-end2end-0123456789';
const WRONG = 'sk-wrong-key-9999';

const step = (main, name) => main.locator('[aria-current="step"]').filter({ hasText: name }).waitFor();

export default function register(test) {
  test('whoever enters the base URL and the key of any OpenAI-compatible server talks to it', async ({ url, browser, screens }) => {
    const other = await provider(KEY);
    const { context, page, complaints } = await visitor(browser);
    const home = await signUp(page, url);
    const settings = `${url}${home}/settings/ai-providers`;
    const main = page.getByRole('main');

    // What is wrong is said at the field, in the provider's words, and what was typed is kept; but never the key.
    await page.goto(settings);
    await step(main, 'Whose AI');
    await inspect(page, 'ai-providers-whose', { screens });
    await page.getByRole('link', { name: 'Google Gemini' }).click();
    await page.getByRole('link', { name: /AI Studio/ }).waitFor();
    assert.equal(await page.getByLabel('Base URL').inputValue(), 'https://generativelanguage.googleapis.com/v1beta');
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('link', { name: 'OpenAI-compatible' }).click();
    await step(main, 'Key');
    const key = page.getByLabel('Key', { exact: true });
    await page.getByLabel('Base URL').fill(other.url);
    await key.fill(WRONG);
    await page.getByRole('button', { name: 'Test and go on' }).click();
    await page.getByRole('alert').filter({ hasText: 'Incorrect API key provided.' }).waitFor();
    await step(main, 'Key');
    assert.equal(await page.getByLabel('Base URL').inputValue(), other.url);
    assert.equal(await key.inputValue(), '');
    assert.equal(await main.getByText('key ending in').count(), 0, 'nothing was saved');
    await inspect(page, 'ai-providers-key', { screens });

    await key.fill(KEY);
    await page.getByRole('button', { name: 'Test and go on' }).click();
    await step(main, 'Model');
    const model = page.getByLabel('Model', { exact: true });
    assert.equal(await model.inputValue(), 'other-model');
    assert.deepEqual(await main.locator('datalist option').evaluateAll((all) => all.map((option) => option.value)), ['other-model', 'small-model']);
    await main.getByText('2 models listed').waitFor();
    await inspect(page, 'ai-providers-model', { screens });
    await model.fill('other-modle');
    await page.getByLabel('Name').fill('Our own server');
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('alert').filter({ hasText: 'Did you mean one of these? other-model' }).waitFor();
    assert.equal(await page.getByLabel('Name').inputValue(), 'Our own server');
    await model.fill('other-model');
    await page.getByLabel(/Make it the default/).check();
    await page.getByRole('button', { name: 'Done' }).click();
    const row = main.getByRole('listitem').filter({ hasText: 'Our own server' });
    await row.getByText('key ending in 6789').waitFor();
    await row.getByText('works', { exact: true }).waitFor();

    // A key that is wrong does not replace one that works.
    await row.getByRole('link', { name: 'Edit' }).click();
    await page.getByLabel('New key').fill(WRONG);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').filter({ hasText: 'Incorrect API key provided.' }).waitFor();
    await row.getByText('key ending in 6789').waitFor();
    await row.getByRole('button', { name: 'Test' }).click();
    await row.getByText('It works, and offers 2 models: other-model, small-model').waitFor();
    await inspect(page, 'ai-providers-tested', { screens });
    assert.ok(!(await page.content()).includes(KEY), 'the key is in the page');

    // The same conversation.
    await page.goto(`${url}${home}/chat`);
    await alive(page, 'all');
    await main.getByRole('textbox', { name: 'Message' }).fill('Give Ada Lovelace a 15 % discount and mail her');
    await main.getByRole('textbox', { name: 'Message' }).press('Enter');
    await main.getByText('Change Discount (%) of Ada Lovelace from 0 to 15').first().waitFor();
    await main.getByText('Mail “From the other model” to ada.lovelace@example.com').first().waitFor();
    const approve = main.getByRole('button', { name: /Approve/ });
    await approve.first().click();
    await approve.last().click();
    await main.getByText(/Told back: .*done/i).first().waitFor();
    await main.getByText('Our own server').first().waitFor();
    await page.goto(`${url}${home}/mailbox`);
    await main.getByText('From the other model').waitFor();
    await page.goto(`${url}${home}/records/customers?q=Ada+Lovelace`);
    await main.getByRole('link', { name: 'Ada Lovelace' }).click();
    await main.getByText(/version 2/i).first().waitFor();
    assert.ok(other.asked.length >= 3);
    assert.ok(other.asked.every((call) => call.url === '/v1/chat/completions' && call.model === 'other-model' && call.stream === true), JSON.stringify(other.asked));

    // An agent of its own mind.
    await page.goto(`${url}${home}/agents`);
    await main.getByRole('link', { name: 'Operations assistant' }).click();
    await main.getByText('other-model · Our own server').waitFor();
    const runsOn = main.locator('form').filter({ has: page.getByLabel('AI provider') });
    await page.getByLabel('AI provider').selectOption({ label: 'Our own server' });
    await model.fill('tiny-model');
    await runsOn.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').filter({ hasText: 'has no model “tiny-model”' }).waitFor();
    await model.fill('small-model');
    await runsOn.getByRole('button', { name: 'Save' }).click();
    await main.getByText('small-model · Our own server').waitFor();
    await inspect(page, 'agent-runs-on', { screens });
    assert.deepEqual(complaints, [], 'the console complained');
    await context.close();
    other.stop();
  });

  test('every kind of provider is added in the page, wrong key first, and streams its answer in its own dialect', async ({ url, browser, screens }) => {
    const { context, page, complaints } = await visitor(browser);
    const home = await signUp(page, url);
    for (const [at, dialect] of Object.values(DIALECTS).entries()) await talk({ page, url, home, screens, dialect, at });
    assert.deepEqual(complaints, [], 'the console complained');
    await context.close();
  });
}

/** Adds the provider of that dialect, before which `at` others were added, and talks to it. */
async function talk({ page, url, home, screens, dialect, at }) {
  const { label, root, said, refusal, model } = dialect;
  const words = [`Good day from ${label},`, ' and that was all of it.'];
  const other = await native(dialect, KEY, words);
  const main = page.getByRole('main');
  const [address, key] = [page.getByLabel('Base URL'), page.getByLabel('Key', { exact: true })];
  const test = () => page.getByRole('button', { name: 'Test and go on' }).click();

  // The host is enough; a wrong key is marked, in the provider's words and never in its own, and nothing is saved.
  await page.goto(`${url}${home}/settings/ai-providers`);
  await main.locator('a.kind').filter({ has: page.getByText(label, { exact: true }) }).click();
  await step(main, 'Key');
  await address.fill(other.origin);
  await key.fill(WRONG);
  await test();
  await page.getByRole('alert').filter({ hasText: `${label} refused the key (${refusal(WRONG)[0]}). “${said}”` }).waitFor();
  await step(main, 'Key');
  assert.deepEqual([await key.getAttribute('aria-invalid'), await address.getAttribute('aria-invalid')], ['true', null], label);
  assert.deepEqual([await key.inputValue(), await address.inputValue()], ['', other.origin], label);
  assert.equal(await main.getByText('key ending in').count(), at, `${label}: nothing was saved`);
  assert.ok(!(await page.content()).includes(WRONG), `${label}: the key is in the page`);
  if (at === 0) await inspect(page, 'ai-providers-refused', { screens });

  await key.fill(KEY);
  await test();
  await step(main, 'Model');
  await main.getByRole('status').filter({ hasText: `${label} works, and is added.` }).waitFor();
  await main.getByText('2 models listed').waitFor();
  assert.equal(await page.getByLabel('Model', { exact: true }).inputValue(), model, label);
  await page.getByLabel(/Make it the default/).check();
  await page.getByRole('button', { name: 'Done' }).click();
  const row = main.getByRole('listitem').filter({ hasText: 'key ending in 6789' }).filter({ has: page.getByText('default', { exact: true }) });
  for (const fact of [label, model, `${other.origin}${root}`, 'works']) await row.getByText(fact, { exact: true }).first().waitFor();

  // What has come shows while the rest is not said yet.
  const question = `Say good day to number ${at + 1}`;
  await page.goto(`${url}${home}/chat`);
  await alive(page, 'all');
  const field = main.getByRole('textbox', { name: 'Message' });
  await field.fill(question);
  await field.press('Enter');
  await main.locator('.said').filter({ hasText: words[0] }).waitFor();
  assert.equal(await main.getByText(words[1].trim()).count(), 0, label);
  other.goOn();
  await main.locator('.prose').filter({ hasText: words.join('') }).waitFor();
  await main.getByText(`${model} · ${label}`).first().waitFor();
  if (dialect.charged) await main.getByText(dialect.charged, { exact: true }).waitFor();
  assert.equal(await main.getByText(words[0]).count(), 1, `${label}: it shows once`);
  const { path, ...asked } = dialect.asks(model);
  assert.deepEqual(other.asked, [{ path: `${root}${path}`, ...asked, question }]);
  other.stop();
}
