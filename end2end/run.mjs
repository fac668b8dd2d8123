// The journey in a real browser: starts HYVVE with a database of its own, runs every test of ./tests, prints the counts.
//
//   node end2end/run.mjs [--screens DIR] [--only WORD] [--seed NUMBER]
//   HYVVE_BIN       the server's binary (default: target/debug/hyvve)
//   HYVVE_CHROMIUM  the browser (default: /usr/bin/chromium)
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launch } from './support/browser.mjs';
import { start } from './support/server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({ options: { screens: { type: 'string' }, only: { type: 'string' }, seed: { type: 'string' } } });
/** What chance begins with, where a test leaves something to it. */
const seed = Number(options.seed ?? Date.now() % 2 ** 32);

const server = await start();
const browser = await launch();
const tests = [];
/** Registers a test: a sentence, and what proves it. */
const test = (sentence, prove) => tests.push({ sentence, prove });
for (const file of readdirSync(join(here, 'tests')).sort()) {
  const { default: register } = await import(join(here, 'tests', file));
  register(test);
}

/** No journey takes longer: one that hangs has failed. */
const PATIENCE = 5 * 60_000;
const inTime = (journey) => {
  let timer;
  const late = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error(`It did not end within ${PATIENCE / 1000} s.`)), PATIENCE); });
  return Promise.race([journey, late]).finally(() => clearTimeout(timer));
};

let failed = 0;
let passed = 0;
for (const { sentence, prove } of tests) {
  if (options.only && !sentence.includes(options.only)) continue;
  const began = performance.now();
  try {
    await inTime(prove({ url: server.url, browser, screens: options.screens, seed }));
    passed += 1;
    console.log(`ok   ${sentence} (${Math.round(performance.now() - began)} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${sentence}\n${error.stack ?? error}`);
  }
}
await browser.close();
// A server that had to complain about itself has failed, even if nobody noticed.
const complaints = readFileSync(server.log, 'utf8').split('\n').filter((line) => /"level":"error"|already a transaction/.test(line));
if (complaints.length) {
  failed += 1;
  console.log(`FAIL the server has nothing to complain about\n${complaints.slice(0, 5).join('\n')}`);
}
process.exitCode = failed || !passed ? 1 : 0;
await server.stop();
if (failed) console.log(`The server's log: ${server.log}`);
console.log(`${passed} passed, ${failed} failed`);
// What a failed journey left open (a server of its own, say) holds nobody up.
process.exit();
