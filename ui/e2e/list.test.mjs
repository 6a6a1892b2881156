// The list of conversations: its columns fit, it scrolls to its end without a stutter, and ranges wear dates as people write them.
import assert from 'node:assert/strict';

import { fits, settled } from './browser.mjs';
import { inPage, server } from './demo.mjs';

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

/** The most lines that are ever drawn, and the most time that the page's main thread may work in one piece, in milliseconds. */
const MOST_LINES = 90;
const MOST_WORK = 100;

/** What the main thread of a page did in one piece, the longest first, in milliseconds of its own time: other work of the machine does not count. */
async function workOf(page, does) {
  const chromium = page.context().browser();
  await chromium.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
  await does();
  const { traceEvents } = JSON.parse((await chromium.stopTracing()).toString());
  const drawing = new Set(traceEvents.filter((event) => event.name === 'EventDispatch').map((event) => `${event.pid} ${event.tid}`));
  const tasks = traceEvents.filter((event) => event.ph === 'X' && event.name.endsWith('RunTask') && event.tdur > 0 && drawing.has(`${event.pid} ${event.tid}`));
  return tasks.map((event) => event.tdur / 1000).sort((one, other) => other - one);
}

inPage('the list scrolls to its end: few lines are drawn, none is missing, and nothing takes long', {}, async (page) => {
  await page.goto(`${server.address}/conversations?range=all`);
  await settled(page);
  await page.locator('.list-line').first().waitFor();
  const all = (await server.ask('/api/v1/query', { metrics: ['sessions'], range: {} })).totals.sessions.value;
  assert.ok(all > 2000, `${all} sessions`);
  await page.evaluate(() => {
    const seen = (window.seen = { frames: 0, blank: 0, lines: 0, last: 0 });
    const list = document.querySelector('.list');
    const look = () => {
      const box = list.getBoundingClientRect();
      seen.frames += 1;
      if (document.elementFromPoint(box.left + 40, box.top + box.height * 0.7)?.closest('.list-line') == null) seen.blank += 1;
      const lines = [...list.querySelectorAll('.list-line')];
      seen.lines = Math.max(seen.lines, lines.length);
      seen.last = Math.max(seen.last, Number(lines.at(-1)?.getAttribute('aria-rowindex') ?? 0) - 1);
      requestAnimationFrame(look);
    };
    look();
  });
  const box = await page.locator('.list').boundingBox();
  await page.mouse.move(box.x + 200, box.y + 200);
  const seen = () => page.evaluate(() => window.seen);
  const work = await workOf(page, async () => {
    const until = Date.now() + 60_000;
    while ((await seen()).last < all && Date.now() < until) {
      for (let turn = 0; turn < 10; turn += 1) {
        await page.mouse.wheel(0, 600);
        await page.waitForTimeout(16);
      }
    }
  });
  const { frames, blank, lines, last } = await seen();
  assert.equal(last, all, 'the list ends with the last session');
  assert.ok(lines <= MOST_LINES, `${lines} lines were drawn at once`);
  assert.ok(frames > 50 && blank === 0, `${blank} of ${frames} frames were blank`);
  assert.ok(work.length > 100 && work[0] <= MOST_WORK, `the main thread worked ${work.slice(0, 5).map((one) => one.toFixed(0)).join(', ')} ms in one piece`);
  console.log(`# scrolled ${all} sessions: ${lines} lines at most, the longest work ${work[0].toFixed(0)} ms`);
});

inPage('the list is read with the keyboard, from its end back to its beginning', {}, async (page) => {
  await page.goto(`${server.address}/conversations?range=all`);
  await settled(page);
  await page.locator('.list').focus();
  const all = (await server.ask('/api/v1/query', { metrics: ['sessions'], range: {} })).totals.sessions.value;
  const lastLine = () => page.locator('.list-line').last().getAttribute('aria-rowindex').then((index) => Number(index) - 1);
  for (let pressed = 0; pressed < 200 && (await lastLine()) < all; pressed += 1) {
    await page.keyboard.press('End');
    await page.waitForTimeout(60);
  }
  assert.equal(await lastLine(), all);
  await page.keyboard.press('PageUp');
  await page.keyboard.press('Home');
  await page.locator('.list-line[aria-rowindex="2"]').waitFor();
});
