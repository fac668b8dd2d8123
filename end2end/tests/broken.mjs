// An answer that breaks off in the middle: what came of it stays, what happened is said, and the same can be asked again.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';
import { brittle } from '../support/provider.mjs';

const KEY = 'sk-end2end-0123456789';
const QUESTION = 'Tell me about Ada Lovelace';
const PART = 'Ada Lovelace has written the first program';
const WHOLE = `${PART} that was ever printed.`;
const FAILURE = 'Brittle broke off its answer, or sent something else.';

export default function register(test) {
  test('an answer that breaks off stays as far as it came, and is asked for again by keyboard', async ({ url, browser, screens }) => {
    const other = await brittle(KEY, PART, WHOLE);
    const { context, page, complaints } = await visitor(browser);
    const home = await signUp(page, url);
    const added = await context.request.post(`${url}/api/ai-providers`, {
      headers: { origin: url },
      data: { provider: 'openai_compatible', name: 'Brittle', baseUrl: other.url, apiKey: KEY, makeDefault: true },
    });
    assert.ok(added.ok(), await added.text());

    // The connection ends once the words are there.
    await page.goto(`${url}${home}/chat`);
    await alive(page, 'all');
    const main = page.getByRole('main');
    const field = main.getByRole('textbox', { name: 'Message' });
    await field.fill(QUESTION);
    await field.press('Enter');
    await main.locator('.said').filter({ hasText: PART }).waitFor();
    other.drop();
    const failure = main.getByRole('alert').filter({ hasText: FAILURE });
    await failure.getByText('Retry; if it goes on, look at the provider').waitFor();
    await main.getByRole('status').filter({ hasText: 'The run failed.' }).waitFor({ state: 'attached' });
    const answers = async () => (await main.locator('.turn .prose').allInnerTexts()).map((text) => text.trim());
    await main.locator('.turn .prose').waitFor();
    assert.deepEqual(await answers(), [PART]);
    await inspect(page, 'chat-broken', { screens });

    // Back from the field to the button, which keeps the focus.
    const retry = failure.getByRole('button', { name: 'Retry' });
    const focused = () => retry.evaluate((button) => button === document.activeElement);
    await field.focus();
    for (let tries = 0; tries < 6 && !(await focused()); tries++) await page.keyboard.press('Shift+Tab');
    assert.ok(await focused(), 'Retry cannot be reached by keyboard');
    await page.keyboard.press('Enter');
    const turns = main.locator('.turn');
    await turns.nth(1).getByRole('button', { name: 'Copy the answer' }).waitFor();
    await turns.nth(1).locator('.prose').waitFor();
    assert.ok(await focused(), 'the focus is lost');
    assert.deepEqual(other.asked, [QUESTION, QUESTION]);

    // Each once, also after a reload.
    const shown = async () => {
      assert.deepEqual(await answers(), [PART, WHOLE]);
      assert.deepEqual([await main.locator('.bubble').count(), await main.locator('.failure').count()], [2, 1]);
      return (await turns.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
    };
    const before = await shown();
    await page.reload();
    await alive(page, 'all');
    await turns.nth(1).locator('.prose').waitFor();
    assert.deepEqual(await shown(), before);

    // The run's page tells the same.
    await turns.first().getByRole('link', { name: 'Run', exact: true }).click();
    await main.getByText(FAILURE).waitFor();
    await main.locator('.timeline .prose').filter({ hasText: PART }).waitFor();
    await main.getByText('broke off', { exact: true }).waitFor();
    await inspect(page, 'run-broken', { screens });
    assert.deepEqual(complaints, [], 'the console complained');
    await context.close();
    other.stop();
  });
}
