// Two people, two browsers: one invites, the other joins, and what the one changes holds for the other at the next click.
import assert from 'node:assert/strict';
import { inspect, signUp, visitor } from '../support/browser.mjs';

export default function register(test) {
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
