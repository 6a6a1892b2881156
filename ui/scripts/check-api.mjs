// Fails where src/api/schema.ts is not what openapi.json says; `cargo xtask regenerate client` writes it again.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'upshot-api-'));
const made = join(folder, 'schema.ts');
try {
  const program = join(root, 'node_modules/openapi-typescript/bin/cli.js');
  const options = ['../openapi.json', '--default-non-nullable=false', '--output', made];
  execFileSync(process.execPath, [program, ...options], { cwd: root, stdio: 'pipe' });
  if (readFileSync(made, 'utf8') !== readFileSync(join(root, 'src/api/schema.ts'), 'utf8')) {
    console.error('src/api/schema.ts is not what openapi.json says: run `cargo xtask regenerate client` and read the difference');
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
