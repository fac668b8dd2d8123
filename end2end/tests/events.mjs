// Events as the settings show them: live, found by filters, told to a webhook once more, and what could not be dealt with.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { alive, inspect, signUp, visitor } from '../support/browser.mjs';
import { propose } from '../support/story.mjs';

export default function register(test) {
  for (const theme of ['light', 'dark']) {
    test(`the page of events shows what happens meanwhile, and leaves what one reads unfolded (${theme})`, (world) => tail(world, theme));
  }
  test('a webhook is told once more of what has happened, with the ids of then', (world) => again(world));
  test('the page of dead letters says that everything was dealt with, on a phone as well', (world) => letters(world));
}

async function tail({ url, browser, screens }, theme) {
  const { context, page, complaints } = await visitor(browser, { theme });
  const home = await signUp(page, url);
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`${url}${home}/runs`);
  await alive(page);
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Events' }).click();
  const main = page.getByRole('main');
  await main.getByRole('heading', { level: 1, name: 'Events' }).waitFor();
  await alive(page);
  await page.evaluate(() => { window.sameDocument = true; });
  const rows = main.getByRole('listitem');
  const requested = rows.filter({ has: page.getByText('approval.requested', { exact: true }) });
  assert.equal(await requested.count(), 0);

  // Something happens, and shows.
  const { mail } = await propose({ context, url });
  await requested.nth(1).waitFor();
  await main.getByText('live, newest first').waitFor();
  const about = requested.filter({ hasText: 'to ada.lovelace@example.com' });
  await about.getByRole('link', { name: 'approval' }).waitFor();
  await about.getByText('What it says').click();
  await about.getByText(mail.id).first().waitFor();
  await inspect(page, 'settings-events', { screens, theme });

  // What is unfolded stays so while more happens above it.
  await propose({ context, url }, 'Grace Hopper');
  await requested.nth(3).waitFor();
  assert.ok(await about.getByText(mail.id).first().isVisible(), 'what somebody reads was folded');
  assert.ok(await page.evaluate(() => window.sameDocument), 'the document was loaded anew');

  // Narrowed down it is live as well; until a moment it is not.
  await main.getByLabel('Types', { exact: true }).fill('run.');
  await main.getByRole('button', { name: 'Show them' }).click();
  await page.waitForURL((to) => to.searchParams.get('types') === 'run.');
  await main.getByText('live, newest first').waitFor();
  assert.equal(await requested.count(), 0, 'a filter that lets everything through');
  await main.getByLabel('Types', { exact: true }).fill('What?');
  await main.getByRole('button', { name: 'Show them' }).click();
  await main.getByRole('alert').filter({ hasText: /\S/ }).first().waitFor();
  await inspect(page, 'settings-events-refused', { screens, theme });
  await main.getByRole('link', { name: 'Show all' }).click();
  await requested.first().waitFor();
  assert.ok(!asked.some((path) => path.includes('come_alive')), 'a page of settings loads the application');
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}

/** A program that listens to webhooks, and remembers what it was told. */
async function listener() {
  const told = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    told.push({ id: request.headers['webhook-id'], body: JSON.parse(body) });
    response.writeHead(204).end();
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${server.address().port}/hooks`, told, stop: () => server.close() };
}

const until = async (page, is, what) => {
  for (let tries = 0; !is(); tries++) {
    assert.ok(tries < 300, what);
    await page.waitForTimeout(100);
  }
};

async function again({ url, browser, screens }) {
  const program = await listener();
  const { context, page, complaints } = await visitor(browser);
  const home = await signUp(page, url);
  const main = page.getByRole('main');
  await page.goto(`${url}${home}/settings/events`);
  await main.getByText('No webhook hears of what happens.').waitFor();
  await main.getByRole('link', { name: 'Add one' }).click();
  await main.getByLabel('Address').fill(program.url);
  await main.getByLabel('What is it for?').fill('The ledger');
  await main.getByLabel('Which events?').fill('approval.requested');
  await main.getByRole('button', { name: 'Add it' }).click();
  await main.getByText('Copy the secret now').waitFor();
  await propose({ context, url });
  const requested = () => program.told.filter(({ body }) => body.type === 'approval.requested');
  await until(page, () => requested().length === 2, 'the webhook was not told');
  const before = requested().map(({ id }) => id);

  // A time that is none is refused at its field; a day back, all of it is told once more.
  await page.goto(`${url}${home}/settings/events`);
  await alive(page);
  await main.getByLabel('Which webhook?').selectOption({ label: 'The ledger' });
  await main.getByLabel('Which types?').fill('What?');
  await main.getByRole('button', { name: 'Send again' }).click();
  await main.getByRole('alert').filter({ hasText: /\S/ }).first().waitFor();
  assert.equal(await main.getByLabel('Which types?').inputValue(), 'What?', 'what was typed is kept');
  await inspect(page, 'settings-events-replay', { screens });
  await main.getByLabel('Which types?').fill('approval.requested');
  await main.getByRole('button', { name: 'Send again' }).click();
  await main.getByRole('status').filter({ hasText: '2 events are sent again, with the ids of then.' }).waitFor();
  await until(page, () => requested().length === 4, 'the webhook was not told again');
  const after = requested().slice(2).map(({ id }) => id);
  assert.deepEqual(after.toSorted(), before.toSorted(), 'the ids are others');
  assert.deepEqual(complaints, [], 'the console complained');
  program.stop();
  await context.close();
}

async function letters({ url, browser, screens }) {
  const { context, page, complaints } = await visitor(browser, { theme: 'dark', width: 320, height: 640 });
  const home = await signUp(page, url);
  const main = page.getByRole('main');
  await page.goto(`${url}${home}/settings/events`);
  await inspect(page, 'settings-events-narrow', { theme: 'dark' });
  await main.getByRole('navigation', { name: 'About events' }).getByRole('link', { name: 'Dead letters' }).click();
  await main.getByText('Everything was dealt with').waitFor();
  const here = page.getByRole('navigation', { name: 'Settings' }).getByRole('link', { name: 'Events' });
  assert.equal(await here.getAttribute('aria-current'), 'page');
  await inspect(page, 'dead-letters', { screens, theme: 'dark' });
  await page.emulateMedia({ colorScheme: 'light' });
  await inspect(page, 'dead-letters', { screens });

  // Nobody requeues what is not there, and the page of one says so.
  const unknown = '01990000-0000-7000-8000-000000000000';
  const requeue = await context.request.post(`${url}/api/events/dead-letters/${unknown}/requeue`, { data: {}, headers: { origin: url } });
  const shown = await context.request.get(`${url}${home}/settings/events/dead-letters/${unknown}`);
  assert.deepEqual([requeue.status(), shown.status()], [404, 404]);
  assert.deepEqual(complaints, [], 'the console complained');
  await context.close();
}
