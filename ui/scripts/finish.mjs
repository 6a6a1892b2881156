// After `vite build`: packs the files, and fails where the first load has outgrown its budget.
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** The most script of the first load, packed with gzip, in bytes. */
const BUDGET = 180 * 1024;

const root = fileURLToPath(new URL('../dist/app/', import.meta.url));

function* files(folder) {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

const packable = /\.(html|js|css|svg|json|txt|webmanifest)$/;
for (const path of [...files(root)]) {
  if (!packable.test(path)) continue;
  const plain = readFileSync(path);
  const gzip = gzipSync(plain, { level: 9 });
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  if (gzip.length < plain.length) writeFileSync(`${path}.gz`, gzip);
  if (brotli.length < plain.length) writeFileSync(`${path}.br`, brotli);
}

/** What the page asks for before it shows anything: the entry, what it imports, and their imports. */
const manifest = JSON.parse(readFileSync(join(root, 'manifest.json'), 'utf8'));
const first = new Set();
const visit = (key) => {
  if (first.has(key)) return;
  first.add(key);
  (manifest[key].imports ?? []).forEach(visit);
};
Object.keys(manifest).filter((key) => manifest[key].isEntry).forEach(visit);
let bytes = 0;
for (const key of first) {
  const packed = join(root, `${manifest[key].file}.gz`);
  bytes += statSync(existsSync(packed) ? packed : join(root, manifest[key].file)).size;
}
// The list of files is of use to this check alone.
for (const suffix of ['', '.gz', '.br']) rmSync(join(root, `manifest.json${suffix}`), { force: true });
console.log(`first load: ${(bytes / 1024).toFixed(1)} KiB of script, packed; at most ${BUDGET / 1024} KiB`);
if (first.size === 0 || bytes > BUDGET) {
  console.error('the first load has outgrown its budget: load what it does not need when a page needs it');
  process.exitCode = 1;
}
