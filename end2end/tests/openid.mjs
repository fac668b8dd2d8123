// Signing in with a provider: a real one, on another port, that HYVVE knows as Google.
import assert from 'node:assert/strict';
import { createAuthClient } from 'better-auth/client';
import { CLIENT, openidProvider } from '../openid-provider.mjs';
import { inspect, visitor } from '../support/browser.mjs';
import { start } from '../support/server.mjs';

/** better-auth's own client, with the cookies of a browser. */
function client(url, context) {
  const customFetchImpl = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('cookie', (await context.cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; '));
    return fetch(input, { ...init, headers });
  };
  return createAuthClient({ baseURL: url, fetchOptions: { customFetchImpl } });
}

export default function register(test) {
  test('Google signs somebody in who is new, who comes back, and who says no; scripts or not', async ({ browser, screens }) => {
    let google;
    const server = await start(async (url) => {
      google = await openidProvider(url);
      return {
        HYVVE_OPENID: 'google',
        HYVVE_OPENID_GOOGLE_NAME: 'Google',
        HYVVE_OPENID_GOOGLE_ISSUER: google.issuer,
        HYVVE_OPENID_GOOGLE_CLIENT_ID: CLIENT.id,
        HYVVE_OPENID_GOOGLE_CLIENT_SECRET: CLIENT.secret,
      };
    });
    try {
      const ada = await visitor(browser, { width: 320 });
      await ada.page.goto(`${server.url}/sign-up`);
      await inspect(ada.page, 'sign-up-with-google', { screens });
      await ada.page.getByRole('button', { name: 'Continue with Google' }).click();
      await ada.page.getByRole('link', { name: 'ada' }).click();
      await ada.page.waitForURL(/\/w\/ada/);
      const home = new URL(ada.page.url()).pathname;

      await ada.page.goto(`${server.url}/account/security`);
      await inspect(ada.page, 'security-without-a-password', { screens });
      await ada.page.getByRole('button', { name: 'Unlink Google' }).click();
      await ada.page.getByText('This is your only way to sign in.').waitFor();
      await ada.page.getByRole('button', { name: 'Send me the link' }).click();
      await ada.page.getByText('We have sent you a link.').waitFor();
      assert.deepEqual(ada.complaints, []);

      const auth = client(server.url, ada.context);
      const left = await auth.signIn.social({ provider: 'google', callbackURL: '/', disableRedirect: true });
      assert.ok(left.data.url.startsWith(`${google.issuer}/auth?`) && left.data.redirect === false, JSON.stringify(left));
      const [own, ...others] = (await auth.listAccounts()).data;
      assert.deepEqual([own.providerId, own.accountId, others], ['google', 'ada', []]);
      assert.equal((await auth.unlinkAccount({ accountId: own.id })).error.status, 409);
      assert.equal((await auth.linkSocial({ provider: 'google', callbackURL: 'https://evil.example', disableRedirect: true })).error.status, 400);

      // Without scripts, to the page that was asked for.
      const again = await visitor(browser, { theme: 'dark', script: false });
      await again.page.goto(`${server.url}${home}/approvals`);
      await again.page.getByRole('button', { name: 'Continue with Google' }).click();
      await again.page.getByRole('link', { name: 'ada' }).click();
      await again.page.waitForURL(`${server.url}${home}/approvals`);

      const nobody = await visitor(browser, { theme: 'dark' });
      await nobody.page.goto(`${server.url}/sign-in`);
      await inspect(nobody.page, 'sign-in-with-google', { screens, theme: 'dark' });
      await nobody.page.getByRole('button', { name: 'Continue with Google' }).click();
      await nobody.page.getByRole('link', { name: 'No, thanks' }).click();
      await nobody.page.getByText('You did not let Google sign you in.').waitFor();
      assert.equal(new URL(nobody.page.url()).pathname, '/sign-in');
      assert.deepEqual(nobody.complaints, []);
      for (const { context } of [ada, again, nobody]) await context.close();
    } finally {
      google?.stop();
      await server.stop();
    }
  });
}
