// Two people, two browsers: one invites, the other joins, and what the one changes holds for the other at the next click.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, signUp, visitor } from '../support/browser.mjs';
import { link } from '../support/letters.mjs';
import { start } from '../support/server.mjs';

/** Signs in, and waits for the workspace. */
async function signIn(page, url, email, password) {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

export default function register(test) {
  test('whoever signs up proves the address by a letter, and by another comes back in without the password', async ({ browser, screens }) => {
    const letters = mkdtempSync(join(tmpdir(), 'hyvve-letters-'));
    const server = await start(async () => ({ HYVVE_VERIFY_EMAIL: 'true', HYVVE_MAIL_FOLDER: letters }));
    const { context, page, complaints } = await visitor(browser);
    try {
      const { url } = server;
      const [email, first, second] = [`ada-${Date.now()}@example.com`, 'a long enough password', 'another one that is long enough'];
      await page.goto(`${url}/sign-up`);
      await page.getByLabel('Your name').fill('Ada Lovelace');
      await page.getByLabel('E-mail').fill(email);
      await page.getByLabel('Password').fill(first);
      await page.getByRole('button', { name: 'Create account' }).click();
      await page.waitForURL(`${url}/verify-email`);
      await inspect(page, 'verify-email', { screens });

      // Not before the address is proved.
      await signIn(page, url, email, first);
      await page.getByText('Please confirm your e-mail address first.').waitFor();
      await page.goto(await link(letters, email, 'Confirm your e-mail address'));
      const asked = page.getByLabel('Your password');
      if (await asked.count()) await asked.fill(first);
      await inspect(page, 'verify-email-link', { screens });
      await page.getByRole('button', { name: 'Yes, this address is mine' }).click();
      await page.waitForURL(/\/sign-in/);
      await signIn(page, url, email, first);
      await page.waitForURL(/\/w\/[a-z0-9-]+/);
      await context.clearCookies();

      await page.goto(`${url}/forgot-password`);
      await page.getByLabel('E-mail').fill(email);
      await page.getByRole('button', { name: 'Send the link' }).click();
      await page.goto(await link(letters, email, 'Choose a new password'));
      await page.getByLabel('New password').fill(second);
      await inspect(page, 'reset-password', { screens });
      await page.getByRole('button', { name: 'Change password' }).click();
      await page.getByText('Your password is changed.').waitFor();
      await signIn(page, url, email, first);
      await page.getByText('E-mail address or password is wrong.').waitFor();
      await signIn(page, url, email, second);
      await page.waitForURL(/\/w\/[a-z0-9-]+/);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
      await server.stop();
      rmSync(letters, { recursive: true, force: true });
    }
  });

  test('whoever is invited joins in another browser, and loses the workspace as soon as it is taken away', async ({ url, browser, screens }) => {
    const host = await visitor(browser);
    const guest = await visitor(browser, { theme: 'dark' });
    const home = await signUp(host.page, url);
    const members = `${url}${home}/settings/members`;

    await host.page.goto(members);
    await inspect(host.page, 'settings-members', { screens });
    await host.page.getByRole('button', { name: 'Make a link' }).click();
    const link = await host.page.getByLabel('Whoever follows it first may join').inputValue();
    const path = new URL(link).pathname;

    // Without an account: whoever makes one comes to where the invitation leads.
    await guest.page.goto(`${url}${path}`);
    await inspect(guest.page, 'invitation', { screens, theme: 'dark' });
    await guest.page.getByRole('link', { name: 'Create an account' }).click();
    await guest.page.getByText('invites you to work in').waitFor();
    await inspect(guest.page, 'sign-up-invited', { screens, theme: 'dark' });
    await guest.page.getByLabel('Your name').fill('Grace Hopper');
    await guest.page.getByLabel('E-mail').fill(`grace-${Date.now()}@example.com`);
    await guest.page.getByLabel('Password').fill('nanoseconds are eleven inches');
    await guest.page.getByRole('button', { name: 'Create account' }).click();
    await guest.page.waitForURL(`${url}${home}`);

    // A second use of the link is refused, and says why.
    const third = await visitor(browser);
    await third.page.goto(`${url}${path}`);
    await third.page.getByText('This invitation was used already.').waitFor();

    // With an account, one joins or declines.
    await signUp(third.page, url);
    await host.page.goto(members);
    await host.page.getByRole('button', { name: 'Make a link' }).click();
    const another = await host.page.getByLabel('Whoever follows it first may join').inputValue();
    await third.page.goto(another);
    await third.page.getByRole('button', { name: /Join as/ }).waitFor();
    await third.page.getByRole('button', { name: 'Decline' }).click();
    await third.page.waitForURL((to) => to.pathname.startsWith('/w/'));

    // A member has no invitations to give; an admin has, from the next click on.
    await guest.page.goto(members);
    await guest.page.getByText('Grace Hopper (you)').waitFor();
    assert.equal(await guest.page.getByRole('button', { name: 'Make a link' }).count(), 0);
    await host.page.goto(members);
    await host.page.getByLabel('Role of Grace Hopper').selectOption('admin');
    await host.page.getByRole('button', { name: 'Save Grace Hopper' }).click();
    await host.page.getByText('Grace Hopper is admin now.').waitFor();
    await guest.page.goto(members);
    await guest.page.getByRole('button', { name: 'Make a link' }).waitFor();

    await host.page.goto(members);
    await host.page.getByRole('link', { name: 'Remove Grace Hopper' }).click();
    await host.page.getByRole('button', { name: 'Remove Grace Hopper' }).click();
    await host.page.getByText('only you').waitFor();
    const gone = await guest.page.goto(members);
    assert.equal(gone.status(), 404);
    await host.page.goto(`${url}${home}/settings/general`);
    await inspect(host.page, 'settings-general', { screens });
    await host.page.goto(`${url}/account/workspaces`);
    await inspect(host.page, 'account-workspaces', { screens });
    assert.deepEqual(host.complaints, []);
    for (const { context } of [host, guest, third]) await context.close();
  });
}
