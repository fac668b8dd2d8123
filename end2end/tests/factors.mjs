// The second factor: an authenticator app, recovery codes, and passkeys with the authenticator that Chromium simulates.
import assert from 'node:assert/strict';
import { inspect, visitor } from '../support/browser.mjs';
import { totp } from '../support/totp.mjs';

const PASSWORD = 'a long enough password';

/** A new account, signed in; answers its address. */
async function account(page, url) {
  const email = `mary-${Date.now()}@example.com`;
  await page.goto(`${url}/sign-up`);
  await page.getByLabel('Your name').fill('Mary Jackson');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.waitForURL(/\/w\//);
  return email;
}

async function signOut(page, url) {
  await page.goto(`${url}/account/security`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/sign-in/);
}

async function showPassword(page, url, email) {
  await page.goto(`${url}/sign-in`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Two-step verification' }).waitFor();
}

/** What the browser itself would do with a finger, a face or a PIN. */
async function authenticator(context, page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send('WebAuthn.enable');
  const options = {
    protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true,
    hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  };
  await devtools.send('WebAuthn.addVirtualAuthenticator', { options });
}

export default function register(test) {
  test('an authenticator app is set up, asked for, and made up for by a recovery code, all without JavaScript', async ({ url, browser, screens }) => {
    const { context, page, complaints } = await visitor(browser, { script: false });
    const email = await account(page, url);
    await page.goto(`${url}/account/security`);
    await page.getByRole('link', { name: 'Set up an authenticator app' }).click();
    await page.getByLabel('Your password').fill('not the password');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('This is not your password.').waitFor();
    await page.getByLabel('Your password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('img', { name: 'QR code of the key below' }).waitFor();
    const secret = await page.locator('code.secret').innerText();
    // Taken a step around the server's clock, so a step that ends between two of these lines changes nothing.
    const first = totp(secret);
    await page.getByLabel('Code', { exact: true }).fill(first);
    await page.getByRole('button', { name: 'Switch on' }).click();
    const codes = (await page.locator('.recovery-codes').innerText()).trim().split('\n');
    assert.equal(codes.length, 10);
    await page.reload();
    assert.equal(await page.locator('.recovery-codes').count(), 0, 'codes are shown once');
    await page.getByText('10 of 10 left').waitFor();

    await signOut(page, url);
    await showPassword(page, url, email);
    await page.goto(`${url}/account/security`);
    assert.match(page.url(), /\/sign-in\?next=/, 'the password alone is no session');
    await showPassword(page, url, email);
    await page.getByLabel('Code', { exact: true }).fill(first);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('This code is wrong, or was used already.').waitFor();
    await page.getByLabel('Code', { exact: true }).fill(totp(secret, 1));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(/\/w\//);

    await signOut(page, url);
    await showPassword(page, url, email);
    await page.getByLabel('Code', { exact: true }).fill(codes[0].toUpperCase());
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(/\/w\//);
    await page.goto(`${url}/account/security`);
    await page.getByText('9 of 10 left').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('a passkey is added, signs in alone, and is the second factor beside the password', async ({ url, browser, screens }) => {
    // Passkeys are bound to a name, which an address of digits is not.
    const here = url.replace('127.0.0.1', 'localhost');
    const { context, page, complaints } = await visitor(browser);
    await authenticator(context, page);
    // Else the browser would offer the passkey before anybody presses a button; that has a test of its own below.
    await page.addInitScript(() => { PublicKeyCredential.isConditionalMediationAvailable = async () => false; });
    const email = await account(page, here);
    complaints.length = 0;
    await page.goto(`${here}/account/security?add=passkey`);
    await inspect(page, 'passkey-add', { screens });
    await page.getByLabel('Name').fill('This laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('The passkey “This laptop” is added.').waitFor();
    assert.equal((await page.locator('.recovery-codes').innerText()).trim().split('\n').length, 10);
    await inspect(page, 'account-security', { screens });

    // The same device has one already, and says so.
    await page.goto(`${here}/account/security?add=passkey`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('This device has a passkey for your account already.').waitFor();

    await signOut(page, here);
    await inspect(page, 'sign-in', { screens });
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.waitForURL(/\/w\//);
    await signOut(page, here);
    await showPassword(page, here, email);
    await inspect(page, 'second-factor', { screens });
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.waitForURL(/\/w\//);

    await page.goto(`${here}/account/security`);
    await page.getByRole('link', { name: 'Change This laptop' }).click();
    await page.getByLabel('Name').fill('Old laptop');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'Change Old laptop' }).click();
    await page.getByRole('button', { name: 'Remove this passkey' }).click();
    await page.getByText('The passkey is removed.').waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test('the browser offers a passkey where one types the address', async ({ url, browser }) => {
    const here = url.replace('127.0.0.1', 'localhost');
    const { context, page } = await visitor(browser);
    await authenticator(context, page);
    await account(page, here);
    await page.goto(`${here}/account/security?add=passkey`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('is added.').waitFor();
    await page.goto(`${here}/account/security`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    // The simulated authenticator chooses at once what a person would choose from the list.
    await page.waitForURL(/\/w\//);
    await context.close();
  });

  test('a workspace that requires a second factor sends its members to set one up', async ({ url, browser, screens }) => {
    const { context, page } = await visitor(browser);
    await account(page, url);
    const home = new URL(page.url()).pathname.match(/^\/w\/[a-z0-9-]+/)[0];
    await page.goto(`${url}${home}/settings/security`);
    await inspect(page, 'settings-security', { screens });
    await page.getByText('Set it up for yourself first').waitFor();
    await page.getByRole('link', { name: 'Account → Security' }).click();
    await page.getByRole('link', { name: 'Set up an authenticator app' }).click();
    await page.getByLabel('Your password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('img', { name: 'QR code of the key below' }).waitFor();
    await inspect(page, 'authenticator', { screens });
    await page.getByLabel('Code', { exact: true }).fill(totp(await page.locator('code.secret').innerText()));
    await page.getByRole('button', { name: 'Switch on' }).click();
    await page.goto(`${url}${home}/settings/security`);
    await page.getByRole('button', { name: 'Require it' }).click();
    await page.getByText('Two-step verification is required from now on.').waitFor();

    await page.goto(`${url}/account/security?remove=app`);
    await page.getByLabel('Your password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Remove the app' }).click();
    await page.goto(`${url}${home}`);
    assert.match(page.url(), /\/account\/security\?for=/);
    await page.getByText('The workspace asks for two-step verification.').waitFor();
    await context.close();
  });
}
