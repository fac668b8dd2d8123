// What AI costs: an unknown price, a price, somebody who is asked instead, and a budget that is used up.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';
import { provider } from '../support/provider.mjs';

const KEY = 'sk-end2end-0123456789';

export default function register(test) {
  test('whoever pays sees what AI costs, who was asked instead, and keeps it within a budget', async ({ url, browser, screens }) => {
    const [first, second] = [await provider(KEY), await provider(KEY)];
    const { context, page, complaints } = await visitor(browser);
    const home = await signUp(page, url);
    const main = page.getByRole('main');
    const at = (path) => page.goto(`${url}${home}${path}`);

    const add = async (other, name) => {
      await at('/settings/ai-providers?kind=openai_compatible');
      await page.getByLabel('Base URL').fill(other.url);
      await page.getByLabel('Key', { exact: true }).fill(KEY);
      await page.getByRole('button', { name: 'Test and go on' }).click();
      await page.getByLabel('Name').fill(name);
      if (name === 'First') await page.getByLabel(/Make it the default/).check();
      await page.getByRole('button', { name: 'Done' }).click();
      await main.getByRole('listitem').filter({ hasText: name }).getByText('key ending in 6789').waitFor();
    };
    await add(first, 'First');
    await add(second, 'Second');

    const ask = async (expected) => {
      await at('/chat');
      await alive(page, 'all');
      await main.getByRole('textbox', { name: 'Message' }).fill('Look Ada up');
      await main.getByRole('textbox', { name: 'Message' }).press('Enter');
      await main.getByText(expected).first().waitFor();
    };
    await ask('Mail “From the other model”');
    await at('/usage');
    await main.getByText('price unknown').first().waitFor();
    await inspect(page, 'usage-unknown', { screens });

    // Two arrows put fallbacks in order; the one that has too much to do is asked again, and then passed over.
    await at('/settings/ai-providers');
    for (const model of ['other-model', 'small-model']) {
      await page.getByLabel('Ask instead').selectOption({ label: 'Second' });
      await main.locator('#fallback_model').fill(model);
      await main.getByRole('button', { name: 'Add', exact: true }).click();
      await main.getByText(`${model} · Second`).waitFor();
    }
    await main.getByText('1. other-model · Second').waitFor();
    await main.getByRole('button', { name: 'Up small-model of Second' }).click();
    await main.getByText('1. small-model · Second').waitFor();
    // By hand as well, and back again.
    const drag = async (from, to) => {
      await alive(page);
      // The mouse is where it is on the screen, and nobody scrolls for it.
      await main.locator('[data-ordered] > li').last().scrollIntoViewIfNeeded();
      const middle = async (model) => {
        const box = await main.locator('[data-ordered] > li').filter({ hasText: model }).locator('[data-grip]').boundingBox();
        return [box.x + box.width / 2, box.y + box.height / 2];
      };
      const [start, end] = [await middle(from), await middle(to)];
      await page.mouse.move(...start);
      await page.mouse.down();
      await page.mouse.move(...end, { steps: 8 });
      await page.mouse.up();
    };
    await drag('small-model', 'other-model');
    await main.getByText('2. small-model · Second').waitFor();
    await drag('small-model', 'other-model');
    await main.getByText('1. small-model · Second').waitFor();
    await inspect(page, 'fallbacks', { screens });
    first.overload();
    await ask('First is overloaded or has a fault of its own (503). small-model of Second is asked instead.');
    assert.equal(first.turnedAway(), 3, 'what may pass is asked for again');
    await main.getByText('Mail “From the other model”').first().waitFor();
    await inspect(page, 'chat-fallback', { screens });
    await main.getByRole('link', { name: 'Run', exact: true }).click();
    await main.getByText('Asked before: other-model of First.').first().waitFor();
    await inspect(page, 'run-fallback', { screens });

    // A price, and a budget that it uses up.
    await at('/usage/prices');
    await page.getByLabel('Provider', { exact: true }).selectOption({ label: 'Second' });
    await page.getByLabel('Model', { exact: true }).fill('*');
    await page.getByLabel('Tokens read').fill('-3');
    await page.getByLabel('Tokens written').fill('15');
    await page.getByRole('button', { name: 'Set the price' }).click();
    assert.equal(await main.getByText('Every other model of Second').count(), 0);
    await page.getByLabel('Tokens read').fill('3');
    await page.getByRole('button', { name: 'Set the price' }).click();
    await main.getByText('Every other model of Second').first().waitFor();
    await inspect(page, 'prices', { screens });
    await at('/settings/ai-providers');
    const row = main.getByRole('listitem').filter({ hasText: 'key ending in 6789' }).filter({ hasText: 'Second' });
    await row.getByText(/price unknown, \d+ calls? this month/).waitFor();
    await row.getByRole('link', { name: 'Edit' }).click();
    await page.getByLabel(/Make it the default/).check();
    await page.getByRole('button', { name: 'Save' }).click();
    await at('/usage/budgets');
    await page.getByLabel('Dollars a month', { exact: true }).fill('0.001');
    await page.getByRole('button', { name: 'Set the budget' }).click();
    await main.getByText('$0.00 of $0.001 spent (0 %)').waitFor();
    await ask('is used up');
    await main.getByText(/can raise it in Usage → Budgets/).first().waitFor();
    await inspect(page, 'chat-budget', { screens });
    await at('/usage/budgets');
    await main.getByText(/of \$0\.001 spent \(1\d\d %\)/).waitFor();
    await inspect(page, 'budgets', { screens });
    await at('/usage');
    await main.getByText('Spent per day').first().waitFor();
    await inspect(page, 'usage', { screens });
    const [download] = await Promise.all([page.waitForEvent('download'), main.getByRole('link', { name: 'Export CSV' }).click()]);
    assert.equal(download.suggestedFilename(), 'ai-usage.csv');
    await page.goto(`${url}${home}`);
    await main.getByText('AI spend this month').waitFor();
    await inspect(page, 'home-spend', { screens });
    assert.deepEqual(complaints, [], 'the console complained');
    await context.close();
    first.stop();
    second.stop();
  });
}
