// Runs the tests in a browser; UPSHOT_E2E_ONLY holds a part of the names of the tests that are wanted.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const only = process.env.UPSHOT_E2E_ONLY;
const options = ['--test', '--test-reporter=tap', ...(only === undefined ? [] : [`--test-name-pattern=${only}`])];
// One after the other: each has a server and a browser of its own.
const files = ['app.test.mjs', 'analysis.test.mjs', 'list.test.mjs', 'kept.test.mjs', 'quick.test.mjs', 'ahead.test.mjs', 'settings.test.mjs', 'start.test.mjs', 'people.test.mjs'].map((name) => fileURLToPath(new URL(name, import.meta.url)));
const { status } = spawnSync(process.execPath, [...options, '--test-concurrency=1', ...files], { stdio: 'inherit' });
process.exitCode = status ?? 1;
