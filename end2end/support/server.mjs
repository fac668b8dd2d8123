// HYVVE in a folder and on a port of its own, with its embedded database.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const freePort = () => new Promise((found) => {
  const probe = createServer().listen(0, '127.0.0.1', () => { const { port } = probe.address(); probe.close(() => found(port)); });
});

/** Starts it, with settings of its own: what `settings` answers for its address. */
export async function start(settings = async () => ({})) {
  const folder = mkdtempSync(join(tmpdir(), 'hyvve-e2e-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const log = join(folder, 'log');
  const out = openSync(log, 'w');
  const own = await settings(url);
  const child = spawn(resolve(process.env.HYVVE_BIN ?? 'target/debug/hyvve'), [], {
    env: {
      ...process.env,
      HYVVE_DATA_DIR: join(folder, 'data'),
      HYVVE_ADDRESS: `127.0.0.1:${port}`,
      HYVVE_UNDO_SECONDS: '2',
      HYVVE_LOG: 'warn',
      // Many people come from one address here.
      HYVVE_LIMIT_SIGN_IN: '1000/1s',
      HYVVE_LIMIT_SIGN_IN_NETWORK: '1000/1s',
      HYVVE_LIMIT_SIGN_UP: '1000/1s',
      HYVVE_LIMIT_FORGOT_PASSWORD: '1000/1s',
      HYVVE_LIMIT_API: '100000/1s',
      // Providers of the tests are on this machine.
      HYVVE_ALLOWED_HOSTS: '127.0.0.1',
      ...own,
    },
    stdio: ['ignore', out, out],
  });
  const gone = new Promise((ended) => child.once('exit', ended));
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}; see ${log}`);
    if (await fetch(`${url}/health`).then((r) => r.ok, () => false)) break;
    if (tries > 600) throw new Error(`the server did not answer; see ${log}`);
    await new Promise((r) => setTimeout(r, 100));
  }
  return {
    url,
    log,
    stop: async () => {
      child.kill('SIGINT');
      await gone;
      if (!process.exitCode) rmSync(folder, { recursive: true, force: true });
    },
  };
}
