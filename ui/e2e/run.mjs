// Runs the tests in a browser; UPSHOT_E2E_ONLY holds a part of the names of the tests that are wanted.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const only = process.env.UPSHOT_E2E_ONLY;
const options = ['--test', '--test-reporter=tap', ...(only === undefined ? [] : [`--test-name-pattern=${only}`])];
const { status } = spawnSync(process.execPath, [...options, fileURLToPath(new URL('app.test.mjs', import.meta.url))], { stdio: 'inherit' });
process.exitCode = status ?? 1;
