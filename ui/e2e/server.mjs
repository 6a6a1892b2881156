// Starts the product's binary on a free port, over demo data or over nothing.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How many conversations the pages show, unless a test says else. */
const CONVERSATIONS = 2500;

const binary = process.env.UPSHOT_BINARY;
if (binary === undefined) throw new Error('set UPSHOT_BINARY to the program, as `cargo xtask test --only browser` does');

/** Serves until `stop` is called. `key` asks everybody for it; with `ownerLink` the program says how an owner is made. */
export async function serve({ demo = false, conversations = CONVERSATIONS, key, ownerLink = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'upshot-e2e-'));
  const data = join(folder, 'data');
  if (demo) execFileSync(binary, ['demo', '--data', data, '--conversations', String(conversations), '--quiet'], { stdio: 'pipe' });
  const environment = { ...process.env };
  delete environment.UPSHOT_KEY;
  if (key !== undefined) environment.UPSHOT_KEY = key;
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const server = spawn(binary, ['serve', '--data', data, '--listen', `127.0.0.1:${port}`, ...(ownerLink ? [] : ['--quiet'])], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (piece) => {
      output += piece;
    });
  }
  await lives(address, () => {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}: ${output}`);
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
  /** What the program said that looks so. */
  const said = async (pattern) => {
    for (let tried = 0; tried < 100; tried += 1) {
      const found = pattern.exec(output);
      if (found !== null) return found[0];
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the program did not say ${pattern}: ${output}`);
  };
  return { address, ask, said, stop };
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
