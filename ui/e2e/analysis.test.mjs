// The pages for analysis in a browser, on demo data, against the real program.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { accessible, fits, launch, open, settled } from './browser.mjs';
import { serve } from './server.mjs';

let browser;
let server;
/** Pages, and what each of them must show. */
const PAGES = {
  '/topics': ['Topics', 'Visits: agents, workflows and topics, and how visits end'],
  '/topics?part=flows': ['What sessions do, from their first step'],
  '/topics?part=paths': ['The commonest paths', 'What follows more often than by chance'],
  '/topics?part=clicks': ['Clicks', 'Options', 'Questions and where people leave'],
  '/topics/order_status': ['What came of the sessions that visited it', 'What came before Order status', 'What comes after Order status'],
};

before(async () => {
  [browser, server] = await Promise.all([launch(), serve({ demo: true })]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A test with a page of its own, on which nothing may go wrong. */
function inPage(name, options, body) {
  test(name, async () => {
    const { page, wrong, close } = await open(browser, options);
    try {
      await body(page);
      assert.deepEqual(wrong, []);
    } finally {
      await close();
    }
  });
}

const number = (text) => Number(text.replaceAll(',', ''));

/** Waits for the cards of a page and for all that they show. */
async function shows(page, cards) {
  for (const card of cards) await page.getByRole('region', { name: card, exact: true }).waitFor();
  await settled(page);
  assert.equal(await page.locator('[role="alert"]').count(), 0);
}

for (const [path, cards] of Object.entries(PAGES)) {
  inPage(`${path} is whole and accessible`, {}, async (page) => {
    await page.goto(server.address + path);
    await shows(page, cards);
    await fits(page);
    await accessible(page);
    // The same page, narrow and dark.
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 360, height: 800 });
    await shows(page, cards);
    await fits(page);
    await accessible(page);
  });
}

for (const path of new Set(Object.keys(PAGES).map((path) => path.split('?')[0]))) {
  inPage(`${path} says why it is empty`, {}, async (page) => {
    await page.goto(`${server.address}${path}?workspace=nobody_yet`);
    await page.getByText('No conversation has come in yet.').waitFor();
    await settled(page);
    assert.equal(await page.locator('[role="alert"]').count(), 0);
    await accessible(page);
  });
}

inPage('topics: what is shown is what the server says, and leads on', { locale: 'en-GB' }, async (page) => {
  await page.goto(`${server.address}/topics?zone=UTC`);
  await shows(page, PAGES['/topics']);
  const report = await server.ask('/api/v1/topics', { range: { last: '28d' }, time_zone: 'UTC' });
  const rows = page.getByRole('region', { name: 'Topics', exact: true }).locator('tbody tr');
  assert.equal(await rows.count(), Math.min(report.topics.length, 60));
  const first = report.topics[0];
  await rows.first().getByText(first.name, { exact: true }).waitFor();
  assert.equal(number(await rows.first().locator('td').first().innerText()), first.visits);
  // The sessions behind the number are those that the server counted.
  await rows.first().locator('.cell').first().click();
  const link = page.getByRole('dialog').getByRole('link', { name: 'Conversations' });
  await link.click();
  await page.waitForURL(/conversations.*filter=/);
  await settled(page);
  assert.equal(number((await page.getByRole('status').first().innerText()).split(' of ')[1].split(' ')[0]), first.metrics.sessions.value);
  await page.goBack();
  await page.getByRole('link', { name: first.name, exact: true }).first().click();
  await page.getByRole('heading', { level: 1, name: first.name }).waitFor();
});

inPage('flows: their picture, table and data', { acceptDownloads: true }, async (page) => {
  await page.goto(`${server.address}/topics?part=flows&step=Order%20status&direction=backward&zone=UTC`);
  await shows(page, ['What came before Order status']);
  await page.locator('canvas').first().waitFor();
  const answer = await server.ask('/api/v1/flows', { range: { last: '28d' }, time_zone: 'UTC', step: 'Order status', direction: 'backward', depth: 3, limit: 8, loops: 'repeats' });
  await page.getByText('The same as a list').click();
  assert.equal(await page.locator('details tbody tr').count(), answer.nodes.length);
  await page.getByRole('button', { name: 'More for What came before Order status' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Save data as CSV' }).click()]);
  const saved = readFileSync(await download.path(), 'utf8').trim().split('\r\n').slice(1);
  assert.deepEqual(saved.map((line) => Number(line.split(',')[2])), answer.nodes.map((node) => node.sessions));
  await page.getByRole('button', { name: 'More for What came before Order status' }).click();
  const [image] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Save as PNG' }).click()]);
  assert.deepEqual([...readFileSync(await image.path()).subarray(1, 4)], [...Buffer.from('PNG')]);
});

inPage('a funnel is built by choosing, and kept in the address', {}, async (page) => {
  await page.goto(`${server.address}/topics?part=funnel&zone=UTC`);
  await page.getByText('A funnel needs two steps at least.').waitFor();
  await accessible(page);
  for (const name of ['Greeting', 'Order status']) {
    await page.getByLabel('Topic', { exact: true }).selectOption(name);
    await page.getByRole('button', { name: 'Add', exact: true }).click();
  }
  await page.waitForURL(/through=.*through=/);
  await shows(page, ['Funnel']);
  const through = ['step.kind = topic and step.topic_name = "Greeting"', 'step.kind = topic and step.topic_name = "Order status"'];
  const answer = await server.ask('/api/v1/funnel', { through, range: { last: '28d' }, time_zone: 'UTC' });
  const reached = async () => (await page.getByRole('region', { name: 'Funnel', exact: true }).locator('tbody tr td:nth-child(2)').allInnerTexts()).map(number);
  assert.deepEqual(await reached(), answer.levels.map((level) => level.reached));
  await page.reload();
  await shows(page, ['Funnel']);
  assert.deepEqual(await reached(), answer.levels.map((level) => level.reached));
  await page.getByRole('button', { name: 'Move step 1 down' }).click();
  await page.waitForFunction(() => new URLSearchParams(location.search).getAll('through')[0]?.includes('Order status'));
  await accessible(page);
});
