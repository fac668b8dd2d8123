// Pages that one only reads: they follow what happens, light as they are, and leave the chat alone.
import assert from 'node:assert/strict';
import { alive, signUp, visitor } from '../support/browser.mjs';

export default function register(test) {
  test('a page that is still open says that one has signed out elsewhere', async ({ url, browser }) => {
    const { context, page } = await visitor(browser);
    const home = await signUp(page, url);
    await alive(page);
    const other = await context.newPage();
    await other.goto(`${url}${home}/runs`);
    await alive(other);
    await other.locator('summary[aria-label="Your account"]').click();
    await other.getByRole('button', { name: 'Sign out' }).click();
    await other.waitForURL(/sign-in/);
    await page.getByText('Signed out: reload to sign in').waitFor();
    await page.reload();
    assert.match(page.url(), /\/sign-in\?next=/);
    await context.close();
  });

  test('a session that is revoked in another browser hears nothing more within a second', async ({ url, browser }) => {
    const here = await visitor(browser);
    const elsewhere = await visitor(browser);
    const home = await signUp(here.page, url);
    await alive(here.page);
    const { user } = await here.context.request.get(`${url}/api/auth/session`).then((r) => r.json());
    const entered = await elsewhere.context.request.post(`${url}/api/auth/sign-in/email`, {
      data: { email: user.email, password: 'a long enough password' }, headers: { origin: url },
    });
    assert.ok(entered.ok(), await entered.text());
    // A stream like the page's own, of which it can be said when it ended.
    const greeting = await here.page.evaluate(async (workspace) => {
      const stream = await fetch(`/api/stream?workspace=${workspace}`);
      const reader = stream.body.getReader();
      const first = await reader.read();
      window.ended = (async () => {
        while (!(await reader.read()).done) { /* whatever came before */ }
        return Date.now();
      })();
      return new TextDecoder().decode(first.value);
    }, home.split('/')[2]);
    assert.match(greeting, /event: hello/);
    await elsewhere.page.goto(`${url}/account/sessions`);
    await elsewhere.page.getByRole('button', { name: 'Sign out everywhere else' }).waitFor();
    const since = Date.now();
    await elsewhere.page.getByRole('button', { name: 'Sign out everywhere else' }).click();
    const took = await here.page.evaluate(() => window.ended) - since;
    assert.ok(took < 1_000, `it took ${took} ms`);
    await here.page.getByText('Signed out: reload to sign in').waitFor();
    for (const { context } of [here, elsewhere]) await context.close();
  });

  test('the home page loads no application and follows what happens elsewhere', async ({ url, browser }) => {
    const { context, page, complaints } = await visitor(browser);
    const loaded = [];
    page.on('request', (request) => loaded.push(request.url()));
    const home = await signUp(page, url);
    const waiting = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /Approvals/ });
    await page.getByText('Waiting for you').waitFor();
    await alive(page);
    await page.evaluate(() => { window.sameDocument = true; });
    const { agents, status } = await context.request.get(`${url}/agents`).then(async (r) => ({ status: r.status(), agents: await r.json() }));
    assert.equal(status, 200);
    const agent = (agents.data ?? agents)[0];
    const run = await context.request.post(`${url}/agents/${agent.id}/runs`, {
      form: { message: 'Give Ada Lovelace a 20 % discount and mail her', stream: 'false' }, headers: { origin: url },
    });
    assert.ok(run.ok(), await run.text());
    // The sidebar, the tab's title and the page itself, without a reload.
    await waiting.getByText('2').waitFor();
    await page.locator('.figure', { hasText: 'Waiting for you' }).getByText('2', { exact: true }).waitFor();
    assert.match(await page.title(), /^\(2\) Home · .+ · HYVVE$/);
    assert.ok(await page.evaluate(() => window.sameDocument), 'the document was loaded anew');
    assert.deepEqual(loaded.filter((address) => /come_alive|chunk_/.test(address)), [], 'the home page loads the application');
    await page.goto(`${url}${home}/runs`);
    await page.getByRole('main').getByRole('link', { name: /Give Ada/ }).click();
    await page.getByText('Wants: ').first().waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the chat stays as it is while one goes from page to page', async ({ url, browser }) => {
    const { context, page, complaints } = await visitor(browser);
    const home = await signUp(page, url);
    await alive(page);
    await page.keyboard.press('c');
    const field = page.getByRole('complementary', { name: 'Chat' }).getByRole('textbox', { name: 'Message' });
    await field.fill('Half a sent');
    const main = page.getByRole('navigation', { name: 'Main' });
    const heading = (name) => page.getByRole('main').getByRole('heading', { level: 1, name, exact: true });
    for (const name of ['Records', 'Runs', 'Mailbox']) {
      await main.getByRole('link', { name }).click();
      await heading(name).waitFor();
      assert.equal(await main.getByRole('link', { name }).getAttribute('aria-current'), 'page');
      assert.match(await page.title(), new RegExp(`^${name} · `));
    }
    await main.getByRole('link', { name: 'Approvals' }).click();
    await page.getByRole('region', { name: 'Queue' }).waitFor();
    await page.goBack();
    await heading('Mailbox').waitFor();
    await page.goBack();
    await heading('Runs').waitFor();
    await page.getByRole('link', { name: 'Failed' }).click();
    await page.getByText('No such runs').waitFor();
    assert.ok(page.url().endsWith(`${home}/runs?status=ERROR`), page.url());
    assert.equal(await field.inputValue(), 'Half a sent', 'the draft is gone');
    await page.reload();
    await field.waitFor();
    assert.equal(await field.inputValue(), 'Half a sent', 'the draft did not survive a reload');
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
