// Whatever a model says is text: hundreds of attempts at running something, streamed in pieces that end anywhere, in a browser
// whose content security policy is switched off, so that it cannot be what saves us.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { alive, signUp, visitor } from '../support/browser.mjs';
import { speaker } from '../support/provider.mjs';
import { seeded } from '../support/random.mjs';

const KEY = 'sk-end2end-hostile-01';
const PAYLOADS = Object.values(JSON.parse(readFileSync(new URL('../support/payloads.json', import.meta.url), 'utf8'))).flat();
/** Payloads of one answer. */
const TOGETHER = 13;
const NAME = 'm"><img src=x onerror=__xss()>';

/** Notes, in the page, whatever should not be there: also what is there for a moment only. */
function watch() {
  const found = (what) => window.__found(what.slice(0, 300));
  window.__xss = () => found('ran: __xss()');
  addEventListener('securitypolicyviolation', (event) => found(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  const WORDS = '.prose, .said, .bubble, .timeline, .tool-call, .json';
  const ELEMENTS = 'script, iframe, frame, frameset, object, embed, applet, portal, base, meta, link, style, template, form, input, textarea, select, img, picture, video, audio, source, math, dialog, marquee, noscript';
  const ADDRESSES = ['href', 'xlink:href', 'src', 'srcset', 'srcdoc', 'action', 'formaction', 'data', 'background', 'poster', 'ping'];
  const look = (element) => {
    const within = element.parentElement?.closest(WORDS);
    const told = () => element.outerHTML.slice(0, 200);
    for (const { name, value } of element.attributes) {
      const runs = ADDRESSES.includes(name) && /^[\s\u0000-\u0020]*(javascript|vbscript|data|blob|filesystem):/i.test(value);
      if (/^on/i.test(name) || runs || name === 'srcdoc') found(`attribute ${name}: ${told()}`);
      if (within?.matches('.prose') && !['href', 'rel', 'target', 'class', 'type', 'tabindex', 'start', 'align', 'data-do'].includes(name)) found(`attribute ${name} in words: ${told()}`);
      if (ADDRESSES.includes(name) && name !== 'href' && new URL(value, location).origin !== location.origin) found(`foreign: ${told()}`);
    }
    if (element.localName === 'script' && !element.nonce && !element.src) found(`script: ${told()}`);
    if (within && element.matches(ELEMENTS)) found(`element: ${told()}`);
  };
  const all = (node) => { if (node instanceof Element) [node, ...node.querySelectorAll('*')].forEach(look); };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'attributes') look(change.target);
      else change.addedNodes.forEach(all);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true });
  addEventListener('DOMContentLoaded', () => all(document.documentElement));
}

/** A page in which nothing goes unseen; `found` gathers what was. */
async function guarded(context, url, found) {
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('dialog', (dialog) => { found.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('popup', (popup) => found.push(`window: ${popup.url()}`));
  page.on('framenavigated', (frame) => { if (!frame.url().startsWith(url) && frame.url() !== 'about:blank') found.push(`went to ${frame.url()}`); });
  page.on('request', (request) => { if (!request.url().startsWith(`${url}/`)) found.push(`request: ${request.url()}`); });
  return page;
}

async function watched(context, found) {
  await context.exposeFunction('__found', (what) => found.push(what));
  await context.addInitScript(watch);
  // Nothing leaves this machine, even if somebody tries.
  await context.route(/evil\.example/, (route) => route.abort());
}

export default function register(test) {
  test('two hundred attempts to run something in the chat run nothing, load nothing and leave nothing in the page', async ({ url, browser, seed }) => {
    assert.ok(PAYLOADS.length >= 200);
    const random = seeded(seed);
    console.log(`     ${PAYLOADS.length} payloads, seed ${seed}`);
    const order = PAYLOADS.map((payload) => [random(), payload]).sort(([a], [b]) => a - b).map(([, payload]) => payload);
    // What one says oneself is text, and text has no NUL: the server refuses it. Its beginning is in the title of the run's page:
    // what ends one is always among what is said.
    const said = (ends) => order.filter((payload) => !payload.includes('\0') && /<\/title/i.test(payload) === ends);
    const sayable = [...said(true), ...said(false)];
    const answers = [];
    for (let at = 0; at < order.length; at += TOGETHER) answers.push(order.slice(at, at + TOGETHER));
    const other = await speaker(KEY, answers.map((some, at) => [`Begin ${at}.`, ...some, `End ${at}.`].join('\n\n')), NAME, random);
    const found = [];
    const { context, page: first } = await visitor(browser, { bypassCSP: true });
    const home = await signUp(first, url);
    await first.close();
    await watched(context, found);
    const page = await guarded(context, url, found);
    const beside = await guarded(context, url, found);
    const added = await context.request.post(`${url}/api/ai-providers`, {
      headers: { origin: url },
      data: { provider: 'openai_compatible', name: NAME.slice(0, 60), baseUrl: other.url, apiKey: KEY, defaultModel: 'hostile', makeDefault: true },
    });
    assert.ok(added.ok(), await added.text());

    // Streamed, while another page follows the runs as they happen.
    await beside.goto(`${url}${home}/runs`);
    await alive(beside);
    await page.goto(`${url}${home}/chat`);
    await alive(page, 'all');
    const main = page.getByRole('main');
    const field = main.getByRole('textbox', { name: 'Message' });
    for (const at of answers.keys()) {
      await field.fill(`${sayable[at]} ${at}`);
      await field.press('Enter');
      await main.locator('.prose', { hasText: `End ${at}.` }).waitFor();
      assert.deepEqual(found, [], `answer ${at}: ${JSON.stringify(answers[at], null, 1)}`);
    }
    assert.equal(other.said(), answers.length);

    // From the server, with and without the policy: the conversation, the list, and each run.
    const runs = await context.request.get(`${url}/api/runs?limit=100`).then((reply) => reply.json());
    const ids = runs.data.map((run) => (run.run ?? run).id);
    assert.ok(ids.length >= answers.length, `${ids.length} runs`);
    const strict = await visitor(browser);
    await strict.context.addCookies(await context.cookies());
    await watched(strict.context, found);
    const reader = await guarded(strict.context, url, found);
    for (const [view, conversation] of [[page, page.url()], [reader, page.url()]]) {
      await view.goto(conversation);
      await alive(view, 'all');
      await view.getByRole('main').locator('.prose', { hasText: `End ${answers.length - 1}.` }).waitFor();
      await view.goto(`${url}${home}/runs`);
      await alive(view);
      for (const id of ids) {
        await view.goto(`${url}${home}/runs/${id}`);
        await view.locator('.timeline .prose').first().waitFor();
      }
      assert.deepEqual(found, []);
    }
    // And the watch would have seen it.
    await page.evaluate((markup) => { document.querySelector('.timeline .prose').innerHTML = markup; }, '<img src=x onerror=__xss()><iframe srcdoc=x></iframe><img src="https://evil.example/p.png">');
    const signs = ['ran: ', 'attribute onerror', 'element: ', 'foreign: ', 'request: https://evil'];
    const missing = () => signs.filter((sign) => !found.some((one) => one.startsWith(sign)));
    for (let tries = 0; missing().length && tries < 100; tries++) await page.waitForTimeout(50);
    assert.deepEqual(missing(), [], 'the watch does not see');
    await strict.context.close();
    await context.close();
    other.stop();
  });
}
