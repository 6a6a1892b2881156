// Starts the product's binary on a free port, over demo data or over nothing.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How many conversations the pages show. */
const CONVERSATIONS = 2500;

const binary = process.env.UPSHOT_BINARY;
if (binary === undefined) throw new Error('set UPSHOT_BINARY to the program, as `cargo xtask test --only browser` does');

/** Serves until `stop` is called. `key` asks everybody for it. */
export async function serve({ demo = false, key } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'upshot-e2e-'));
  const data = join(folder, 'data');
  if (demo) execFileSync(binary, ['demo', '--data', data, '--conversations', String(CONVERSATIONS), '--quiet'], { stdio: 'pipe' });
  const environment = { ...process.env };
  delete environment.UPSHOT_KEY;
  if (key !== undefined) environment.UPSHOT_KEY = key;
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const server = spawn(binary, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, '--quiet'], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.on('data', (piece) => {
    said += piece;
  });
  await lives(address, () => {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}: ${said}`);
  });
  const ask = async (path, body) => {
    const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(address + path, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const stop = async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { address, ask, stop };
}

/** A port that nobody listens on. */
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Waits until the server answers; `check` throws where it never will. */
async function lives(address, check) {
  for (let tried = 0; tried < 300; tried += 1) {
    check();
    const answer = await fetch(`${address}/health/live`).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing answers at ${address}`);
}
