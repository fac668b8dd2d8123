// Pictures: uploaded with a plain form, shown where their owner is named.
import assert from 'node:assert/strict';
import { inspect, signUp, visitor } from '../support/browser.mjs';

/** A picture of these colours, drawn by the browser itself. */
const drawn = (page, type, colours) => page.evaluate(({ type, colours }) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 900, height: 600 });
  const pen = canvas.getContext('2d');
  colours.forEach((colour, at) => { pen.fillStyle = colour; pen.beginPath(); pen.arc(450, 300 + at * 140, 260 - at * 60, 0, 7); pen.fill(); });
  return canvas.toDataURL(type).split(',')[1];
}, { type, colours }).then((text) => Buffer.from(text, 'base64'));

/** Whether every avatar on the page that has a picture shows it. */
const shown = () => [...document.querySelectorAll('.avatar img')].every((one) => one.complete && one.naturalWidth === 256);

export default function register(test) {
  test('people and workspaces have initials until they have a picture, which needs no script', async ({ url, browser, screens }) => {
    // One draws and looks, with scripts; one does everything else, without.
    const seeing = await visitor(browser);
    const files = {
      jpeg: await drawn(seeing.page, 'image/jpeg', ['#35507a', '#e8c39e', '#7a3b2e']),
      logo: await drawn(seeing.page, 'image/png', ['#1c3a8a', '#ff7a00']),
    };
    const { context, page, complaints } = await visitor(browser, { script: false });
    const home = await signUp(page, url);
    await seeing.context.addCookies(await context.cookies());
    const places = [['profile', '/account/profile'], ['workspaces', '/account/workspaces'], ['general', `${home}/settings/general`], ['members', `${home}/settings/members`]];
    const look = async (state) => {
      for (const theme of ['light', 'dark']) {
        await seeing.page.emulateMedia({ colorScheme: theme });
        for (const [name, path] of places) {
          await seeing.page.goto(url + path);
          await seeing.page.waitForFunction(shown, undefined, { timeout: 10_000 }).catch(() => assert.fail(`a picture does not show on ${name}`));
          await inspect(seeing.page, `pictures-${state}-${name}`, { screens, theme });
        }
      }
    };
    const send = async (path, name, buffer) => {
      await page.goto(url + path);
      await page.getByLabel('Picture').setInputFiles({ name, mimeType: 'application/octet-stream', buffer });
      await page.getByRole('button', { name: 'Upload' }).click();
    };
    await look('none');
    assert.equal(await page.locator('.app-header .avatar').getAttribute('data-initials'), 'GT');
    await send('/account/profile', 'me.jpg', files.jpeg);
    await page.getByText('Saved.').waitFor();
    await send(`${home}/settings/general`, 'logo.png', files.logo);
    await page.getByText('Saved.').waitFor();
    await look('some');
    await page.goto(`${url}/account/profile`);
    await page.getByLabel('Another picture').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await page.getByRole('button', { name: 'Upload' }).click();
    await page.getByText('This is no picture that we can read.').waitFor();
    await page.getByRole('button', { name: 'Remove the picture' }).click();
    await page.getByText('Saved.').waitFor();
    assert.equal(await page.locator('.avatar').getAttribute('data-initials'), 'GT');
    assert.deepEqual([...complaints, ...seeing.complaints], []);
    await seeing.context.close();
    await context.close();
  });
}
