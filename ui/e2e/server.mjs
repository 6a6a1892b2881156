// Starts the product's binary on a free port, over demo data or over nothing.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
  const server = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0'], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const address = await new Promise((resolve, reject) => {
    let said = '';
    const hear = (piece) => {
      said += piece;
      const found = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(said);
      if (found !== null) resolve(found[0]);
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)));
  });
  const ask = async (path, body) => {
    const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(address + path, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const stop = async () => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.removeAllListeners('exit');
    server.once('exit', () => undefined);
    server.kill('SIGTERM');
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { address, ask, stop };
}
