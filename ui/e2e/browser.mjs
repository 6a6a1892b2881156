// A browser with the real policy of the server, and what every page must fulfil.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const programs = [process.env.UPSHOT_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export async function launch() {
  const executablePath = programs.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) throw new Error('there is no Chromium: install it, or set UPSHOT_CHROMIUM');
  // Root has no sandbox for its own processes; the pages are our own, on loopback.
  return chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

/** A page that writes down what goes wrong in it. */
export async function open(browser, { width = 1280, height = 900, scheme = 'light', locale = 'en-GB', ...rest } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, locale, timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', ...rest });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const wrong = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('request', (request) => {
    if (!/^(http:\/\/127\.0\.0\.1|data:|blob:)/.test(request.url())) wrong.push(`asked elsewhere: ${request.url()}`);
  });
  return { page, wrong, close: () => context.close() };
}

/** Waits until nothing is loading and what is shown is what was asked for. */
export async function settled(page) {
  await page.waitForSelector('#content');
  await page.waitForFunction(
    () => document.querySelector('.skeleton, [aria-busy="true"]') === null && document.querySelector('h1') !== null,
    null,
    { timeout: 30_000 },
  );
}

/** What axe finds, in a few words. */
export async function accessible(page) {
  // What is about to change its colour has not got it yet.
  await page.evaluate(() => {
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
    return Promise.race([Promise.allSettled(ending.map((one) => one.finished)), new Promise((resolve) => setTimeout(resolve, 1000))]).then(() => undefined);
  });
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const result = await window.axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return result.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.failureSummary ?? ''}`).join(' | ')}`);
  });
  assert.deepEqual(found, []);
}

/** Nothing sticks out to the side. */
export async function fits(page) {
  const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(content <= window_, `the page is ${content} pixels wide in a window of ${window_}`);
}

/** The page fits and axe finds nothing, as it is and then dark and narrow; `ready` waits until the other shape is there. */
export async function wholeInBothShapes(page, ready = settled) {
  await fits(page);
  await accessible(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 360, height: 800 });
  await ready(page);
  await fits(page);
  await accessible(page);
}
