// Three steps to the AI of one's own: whose, its key, its model. The same conversation runs on it, and an agent has its own model.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';
import { provider } from '../support/provider.mjs';

const KEY = 'sk-end2end-0123456789';

export default function register(test) {
  test('whoever enters the base URL and the key of any OpenAI-compatible server talks to it', async ({ url, browser, screens }) => {
    const other = await provider(KEY);
    const { context, page, complaints } = await visitor(browser);
    const home = await signUp(page, url);
    const settings = `${url}${home}/settings/ai-providers`;
    const main = page.getByRole('main');

    const step = (name) => main.locator('[aria-current="step"]').filter({ hasText: name }).waitFor();

    // What is wrong is said at the field, in the provider's words, and what was typed is kept; but never the key.
    await page.goto(settings);
    await step('Whose AI');
    await inspect(page, 'ai-providers-whose', { screens });
    await page.getByRole('link', { name: 'Google Gemini' }).click();
    await page.getByRole('link', { name: /AI Studio/ }).waitFor();
    assert.equal(await page.getByLabel('Base URL').inputValue(), 'https://generativelanguage.googleapis.com/v1beta');
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('link', { name: 'OpenAI-compatible' }).click();
    await step('Key');
    const key = page.getByLabel('Key', { exact: true });
    await page.getByLabel('Base URL').fill(other.url);
    await key.fill('sk-wrong-key-9999');
    await page.getByRole('button', { name: 'Test and go on' }).click();
    await page.getByRole('alert').filter({ hasText: 'Incorrect API key provided.' }).waitFor();
    await step('Key');
    assert.equal(await page.getByLabel('Base URL').inputValue(), other.url);
    assert.equal(await key.inputValue(), '');
    assert.equal(await main.getByText('key ending in').count(), 0, 'nothing was saved');
    await inspect(page, 'ai-providers-key', { screens });

    await key.fill(KEY);
    await page.getByRole('button', { name: 'Test and go on' }).click();
    await step('Model');
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
    await page.getByLabel('New key').fill('sk-wrong-key-9999');
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
}
