// The program with demo data and a browser, for the tests of one file: each file runs in a process of its own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, open } from './browser.mjs';
import { serve } from './server.mjs';

export let browser;
export let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), serve({ demo: true })]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A test with a page of its own, on which nothing may go wrong but what the server `refuses`, a status. */
export function inPage(name, { refuses, ...options }, body) {
  test(name, async () => {
    const { page, wrong, close } = await open(browser, options);
    try {
      await body(page);
      assert.deepEqual(wrong.filter((one) => refuses === undefined || !one.includes(`status of ${refuses} `)), []);
    } finally {
      await close();
    }
  });
}

/** A number as the pages write it in English. */
export const number = (text) => Number(text.replaceAll(',', ''));
