// The list of conversations: its columns fit, it scrolls to its end without a stutter, and ranges wear dates as people write them.
import assert from 'node:assert/strict';

import { fits, settled } from './browser.mjs';
import { inPage, number, server } from './demo.mjs';

/** What of the list is cut off: the names of columns whose text is wider than they are. */
async function cutOff(page, ids) {
  return page.evaluate((wanted) => {
    const clipped = [];
    for (const row of document.querySelectorAll('.list .list-row')) {
      [...row.children].forEach((cell, place) => {
        const column = document.querySelector('.list-head .list-row').children[place].textContent;
        if ((wanted === null || wanted.includes(place)) && cell.offsetParent !== null && cell.scrollWidth > cell.clientWidth) clipped.push(`${column}: ${cell.textContent}`);
      });
    }
    return [...new Set(clipped)];
  }, ids);
}

for (const locale of ['en-US', 'en-GB', 'de-DE']) {
  inPage(`the list's columns fit at 1280 pixels: ${locale}`, { locale }, async (page) => {
    await page.goto(`${server.address}/conversations`);
    await settled(page);
    await page.locator('.list-line').first().waitFor();
    const [content, room] = await page.locator('.list').evaluate((list) => [list.scrollWidth, list.clientWidth]);
    assert.ok(content <= room, `the list is ${content} pixels wide in ${room}`);
    // Names of topics, intents and channels may be of any length; when, what came of it and the amounts are seen whole.
    assert.deepEqual(await cutOff(page, [0, 1, 5, 6, 7, 8]), []);
    const [head, window_] = await page.evaluate(() => [document.documentElement.scrollHeight, innerHeight]);
    assert.ok(head <= window_, `the page scrolls beside its list: ${head} pixels in ${window_}`);
  });

  inPage(`a session of the list is seen whole at 360 pixels: ${locale}`, { locale, width: 360, height: 800 }, async (page) => {
    await page.goto(`${server.address}/conversations`);
    await settled(page);
    await page.locator('.list-line').first().waitFor();
    await fits(page);
    const [content, room] = await page.locator('.list').evaluate((list) => [list.scrollWidth, list.clientWidth]);
    assert.ok(content <= room, `the list is ${content} pixels wide in ${room}`);
    assert.deepEqual(await cutOff(page, [0, 1]), []);
    const below = await page.evaluate(() => [...document.querySelectorAll('.list-line')].filter((line) => [...line.children].some((cell) => cell.textContent !== '' && cell.getBoundingClientRect().bottom > line.getBoundingClientRect().bottom + 1)).length);
    assert.equal(below, 0, 'a line does not reach beyond its room');
  });
}

for (const [locale, from, to] of [['en-GB', '15 Feb', '31 Mar 2026'], ['en-US', 'Feb 15', 'Mar 31, 2026'], ['de-DE', '15. Feb', 'März 2026']]) {
  inPage(`a range by days is written as dates: ${locale}`, { locale }, async (page) => {
    for (const path of ['/', '/outcomes', '/topics', '/audience', '/conversations', '/explore']) {
      await page.goto(`${server.address}${path}?range=2026-02-15..2026-03-31`);
      await settled(page);
      const said = await page.locator('body').innerText();
      assert.ok(!said.includes('2026-02-15') && !said.includes('..2026'), `${path} shows the days as the address writes them`);
      const bar = await page.locator('header .bar button').first().innerText();
      assert.ok(bar.includes(from) && bar.includes(to), `${path}: ${bar}`);
    }
  });
}

inPage('a length of time without a name of its own is written out', { locale: 'de-DE' }, async (page) => {
  await page.goto(`${server.address}/?range=12d`);
  await settled(page);
  assert.match(await page.locator('header .bar button').first().innerText(), /12 Tage/);
});
