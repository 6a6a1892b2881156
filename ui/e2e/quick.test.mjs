// How quick pages are, with as many conversations as `cargo xtask demo` makes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, open, settled } from './browser.mjs';
import { serve } from './server.mjs';

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), serve({ demo: true, conversations: 20_000 })]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** The first paint and how long a change of filters takes, in milliseconds. The budgets are 1000 and 150; bounds are wide, as machines are shared, and the figures are told. */
const FIRST_PAINT = 4000;
const FILTER = 750;

/** All pages that follow the filters of the bar. */
const FOLLOWING = ['/conversations', '/', '/outcomes', '/topics', '/audience', '/handover', '/improve', '/ai'];

/** How long it takes from a choice of traffic until all that is in sight is the answer to it. */
function followed(page, value) {
  return page.evaluate(
    ([wanted, patience]) =>
      new Promise((resolve, reject) => {
        // The clock runs from the choice itself, not from when the test asks for it.
        let begun = performance.now();
        document.addEventListener('change', () => (begun = performance.now()), { capture: true, once: true });
        const look = () => {
          // The address changes with the choice; what is shown is marked as stale until its answer is there.
          const chosen = new URLSearchParams(location.search).get('environment')?.replaceAll('"', '') ?? 'production';
          // What is out of sight is drawn when the rest is there.
          const isInSight = (element) => {
            const { top, bottom } = element.getBoundingClientRect();
            return bottom > 0 && top < innerHeight;
          };
          const old = [...document.querySelectorAll('#content .stale, #content .skeleton, #content [aria-busy="true"], #content[aria-busy="true"]')];
          const isThere = document.querySelector('#content .list, #content .card') !== null && !old.some(isInSight);
          const passed = performance.now() - begun;
          if (chosen === wanted && isThere) resolve(passed);
          else if (passed > patience) reject(new Error(`the page did not follow the filter within ${patience} ms`));
          else requestAnimationFrame(look);
        };
        look();
      }),
    [value, 15_000],
  );
}

test('pages are quick', async (t) => {
  const { page, wrong, close } = await open(browser);
  try {
    // The program's own files are in the browser's cache on every visit but the first.
    await page.goto(server.address);
    await settled(page);
    await page.goto(`${server.address}/?zone=UTC`);
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0);
    const paint = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime);
    await settled(page);
    const usual = {};
    for (const path of FOLLOWING) {
      const changes = [];
      // Each time with a filter that nobody chose before: of that no answer is kept.
      for (const tried of [1, 2, 3, 4]) {
        await page.goto(`${server.address}${path}?zone=UTC&filter=channel+!%3D+tried${tried}`);
        await settled(page);
        for (const value of ['test', 'all']) {
          const took = followed(page, value);
          await page.getByLabel('Traffic').selectOption(value);
          changes.push(await took);
        }
      }
      usual[path] = changes.sort((one, other) => one - other)[changes.length >> 1];
      const told = `${path}: a new filter is answered in ${usual[path].toFixed(0)} ms (${changes[0].toFixed(0)} to ${changes.at(-1).toFixed(0)})`;
      t.diagnostic(told);
      console.log(`# ${told}`);
    }
    console.log(`# first paint ${paint.toFixed(0)} ms`);
    assert.ok(paint < FIRST_PAINT, `the first paint took ${paint} ms`);
    for (const [path, took] of Object.entries(usual)) assert.ok(took < FILTER, `a filter took ${took} ms on ${path}`);
    assert.deepEqual(wrong, []);
  } finally {
    await close();
  }
});
