// Base URL and key of another server: the same conversation runs on it.
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

    // What is wrong is said at the field, and what was typed is kept; but never the key.
    await page.goto(settings);
    await page.getByRole('link', { name: 'Google Gemini' }).click();
    await page.getByRole('link', { name: /AI Studio/ }).waitFor();
    assert.equal(await page.getByLabel('Base URL').inputValue(), 'https://generativelanguage.googleapis.com/v1beta');
    await page.getByRole('link', { name: 'OpenAI-compatible' }).click();
    await page.getByText(/Without one, the server/).waitFor();
    await page.getByLabel('Base URL').fill(other.url);
    await page.getByLabel('Model').fill('x'.repeat(400));
    await page.getByLabel('Key', { exact: true }).fill(KEY);
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('alert').filter({ hasText: /too long|at most/i }).first().waitFor();
    assert.equal(await page.getByLabel('Base URL').inputValue(), other.url);
    assert.equal(await page.getByLabel('Key', { exact: true }).inputValue(), '');

    await page.getByLabel('Model').fill('other-model');
    await page.getByLabel('Key', { exact: true }).fill('sk-wrong-key-9999');
    await page.getByLabel('Name').fill('Our own server');
    await page.getByLabel(/Make it the default/).check();
    await page.getByRole('button', { name: 'Add' }).click();
    const row = main.getByRole('listitem').filter({ hasText: 'Our own server' });
    await row.getByText('key ending in 9999').waitFor();
    await row.getByRole('button', { name: 'Test' }).click();
    await row.getByText('does not work').waitFor();
    await row.getByRole('link', { name: 'Edit' }).click();
    await page.getByLabel('New key').fill(KEY);
    await page.getByRole('button', { name: 'Save' }).click();
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
    assert.deepEqual(complaints, [], 'the console complained');
    await context.close();
    other.stop();
  });
}
