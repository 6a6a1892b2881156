// Writes the ids of all numbers and dimensions, as docs/metrics.md lists them, as a type: so that the compiler
// says which of them a language does not name. `npm run api`
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const text = readFileSync(at('../../docs/metrics.md'), 'utf8');
const metrics = [...text.matchAll(/^### `([^`]+)`$/gm)].map((match) => match[1]);
const table = text.slice(text.indexOf('\n## Dimensions'), text.indexOf('\n## Fields of filters'));
const dimensions = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]);
if (metrics.length === 0 || dimensions.length === 0) throw new Error('docs/metrics.md lists no numbers or no dimensions');
const union = (name, ids) => `export type ${name} =\n${ids.map((id) => `  | '${id}'`).join('\n')};\n`;
writeFileSync(at('../src/api/ids.ts'), `// Made from docs/metrics.md by \`npm run api\`.\n${union('MetricId', metrics)}\n${union('DimensionId', dimensions)}`);
