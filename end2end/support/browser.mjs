// The browser, and what every page must satisfy: no errors on the console, no accessibility violations, no sideways scroll.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium } from 'playwright-core';

export const launch = () => chromium.launch({
  executablePath: process.env.HYVVE_CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
});

/** A fresh visitor. `complaints` gathers what the console and failed requests say. */
export async function visitor(browser, { theme = 'light', width = 1440, height = 900, script = true, bypassCSP = false } = {}) {
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height }, javaScriptEnabled: script, bypassCSP, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints = [];
  page.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { context, page, complaints };
}

/** Waits until the page's program has arrived, then holds it against everything that always holds. */
export async function inspect(page, name, { screens, theme = 'light' } = {}) {
  await page.waitForLoadState('networkidle').catch(() => {});
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
  const told = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary?.split('\n')[1] ?? ''}`).join('\n  ')}`);
  assert.deepEqual(told, [], `accessibility of ${name} (${theme})`);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(sideways <= 0, `${name} scrolls sideways by ${sideways} px`);
  assert.notEqual(await page.title(), '', `${name} has no title`);
  if (screens) await shoot(page, name, screens, theme);
}

/** Screenshots at three widths. */
export async function shoot(page, name, screens, theme) {
  mkdirSync(screens, { recursive: true });
  const before = page.viewportSize();
  const dock = await page.evaluate(() => document.documentElement.dataset.dock);
  for (const width of [1440, 768, 320]) {
    await page.setViewportSize({ width, height: 900 });
    // On a narrow screen the dock lies over the page: it shows only where it is what one looks at.
    if (width < 1024 && !name.startsWith('chat')) await page.evaluate(() => { document.documentElement.dataset.dock = 'closed'; });
    await page.waitForTimeout(150);
    await page.screenshot({ path: join(screens, `${name}-${theme}-${width}.png`) });
  }
  await page.setViewportSize(before);
  await page.evaluate((was) => { if (was) document.documentElement.dataset.dock = was; }, dock);
}

/** Waits until the page listens; `all`: until the application has come as well. */
export const alive = (page, what = 'shell') => page.locator(what === 'all' ? 'html[data-alive=all]' : 'html[data-alive]').waitFor({ state: 'attached' });

let serial = 0;
/** Signs a new person up, and answers the address of the workspace that he or she lands in. */
export async function signUp(page, url) {
  serial += 1;
  await page.goto(`${url}/sign-up`);
  await page.getByLabel('Your name').fill('Grace Tester');
  await page.getByLabel('E-mail').fill(`grace${serial}-${Date.now()}@example.com`);
  await page.getByLabel('Password').fill('a long enough password');
  await page.getByRole('button', { name: 'Create account' }).click();
  // The first steps can be left out.
  await page.waitForURL(/\/w\/[a-z0-9-]+\/welcome/);
  await page.getByRole('link', { name: 'Go to the workspace' }).click();
  await page.waitForURL(/\/w\/[a-z0-9-]+$/);
  return new URL(page.url()).pathname.match(/^\/w\/[a-z0-9-]+/)[0];
}
