// Images go with a message: with and without JavaScript, shown in the conversation and where its run shows.
import assert from 'node:assert/strict';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';

const QUESTION = 'Tell me about Ada Lovelace';
/** A picture that the browser draws itself. */
const drawn = (page) => page.evaluate(() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
  const pen = canvas.getContext('2d');
  ['#35507a', '#e8c39e', '#7a3b2e'].forEach((colour, at) => { pen.fillStyle = colour; pen.fillRect(at * 80, at * 50, 220, 160); });
  return canvas.toDataURL('image/png').split(',')[1];
}).then((text) => Buffer.from(text, 'base64'));
/** Every image that was sent and is on the page, once it shows. */
const seen = async (page, count) => {
  const images = page.getByRole('main').getByRole('list', { name: 'Images' }).getByRole('img');
  await images.nth(count - 1).scrollIntoViewIfNeeded();
  await page.waitForFunction((count) => {
    const all = [...document.querySelectorAll('.sent-image')];
    return all.length === count && all.every((one) => one.complete && one.naturalWidth === 320);
  }, count);
};

export default function register(test) {
  test('images go with a message, with and without JavaScript, and show where it shows', async ({ url, browser, screens }) => {
    const { context, page, complaints } = await visitor(browser);
    const home = await signUp(page, url);
    const buffer = await drawn(page);
    const file = (name) => ({ name, mimeType: 'image/png', buffer });
    await page.goto(`${url}${home}/chat`);
    await alive(page, 'all');
    const main = page.getByRole('main');
    const [field, files] = [main.getByRole('textbox', { name: 'Message' }), main.getByLabel('Images')];

    // More than is taken is said before anything is sent.
    await files.setInputFiles([1, 2, 3, 4, 5].map((n) => file(`${n}.png`)));
    await main.getByRole('alert').filter({ hasText: 'at most 4 images' }).waitFor();
    await main.getByRole('button', { name: 'Remove images' }).click();
    await main.getByRole('alert').filter({ hasText: 'at most 4 images' }).waitFor({ state: 'detached' });
    await files.setInputFiles([file('one.png'), file('two.png')]);
    await field.fill(QUESTION);
    await inspect(page, 'chat-images-chosen', { screens });
    await field.press('Enter');
    await page.waitForURL(/\/chat\/[0-9a-f-]{36}$/);
    await main.locator('.turn .prose').waitFor();
    await seen(page, 2);
    await inspect(page, 'chat-images', { screens });
    await inspect(page, 'chat-images', { screens, theme: 'dark' });
    await main.getByRole('link', { name: 'Run', exact: true }).click();
    await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
    await seen(page, 2);
    assert.deepEqual(complaints, [], 'the console complained');

    // The same as a plain form; what is no image is refused, and what was typed stays.
    const plain = await visitor(browser, { script: false, width: 320, height: 640 });
    await plain.context.addCookies(await context.cookies());
    await plain.page.goto(`${url}${home}/chat`);
    const bare = plain.page.getByRole('main');
    const send = async (chosen) => {
      await bare.getByRole('textbox', { name: 'Message' }).fill(QUESTION);
      await bare.getByLabel('Images').setInputFiles(chosen);
      await bare.getByRole('button', { name: 'Send' }).click();
    };
    await send({ name: 'no.png', mimeType: 'image/png', buffer: Buffer.from('no image') });
    await bare.getByText('Not all of these files are images').waitFor();
    assert.equal(await bare.getByRole('textbox', { name: 'Message' }).inputValue(), QUESTION);
    await send(file('three.png'));
    await plain.page.waitForURL(/\/chat\/[0-9a-f-]{36}$/);
    await bare.getByRole('list', { name: 'Images' }).getByRole('img').waitFor();
    await plain.context.close();
    await context.close();
  });
}
