// The web app in a browser, on demo data, against the real program.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { accessible, fits, open, settled } from './browser.mjs';
import { browser, inPage, number, server } from './demo.mjs';
import { serve } from './server.mjs';

const PAGES = ['/', '/outcomes', '/conversations', '/explore'];

for (const path of PAGES) {
  for (const [scheme, width] of [['light', 1280], ['dark', 360]]) {
    inPage(`${path} is whole and accessible: ${scheme}, ${width} pixels`, { scheme, width }, async (page) => {
      await page.goto(server.address + path);
      await settled(page);
      assert.equal(await page.locator('[role="alert"]').count(), 0);
      await page.getByText('Demo data', { exact: true }).waitFor();
      await fits(page);
      await accessible(page);
    });
  }
  inPage(`${path} says why it is empty`, {}, async (page) => {
    await page.goto(`${server.address}${path}?workspace=nobody_yet`);
    await settled(page);
    if (path !== '/explore') await page.getByText('No conversation has come in yet.').waitFor();
    assert.equal(await page.locator('[role="alert"]').count(), 0);
    await accessible(page);
  });
}

inPage('a session tells what was said, and why', {}, async (page) => {
  const { sessions } = await server.ask('/api/v1/sessions?filter=escalated&limit=1');
  await page.goto(`${server.address}/conversations/${sessions[0].session_id}`);
  await settled(page);
  const detail = await server.ask(`/api/v1/sessions/${sessions[0].session_id}`);
  assert.equal(await page.locator('.said').count(), detail.messages.length);
  assert.equal(await page.locator('.did').count(), detail.steps.length);
  assert.equal(await page.locator('.why > li').count(), detail.evidence.length);
  await page.getByText(detail.messages[0].text).first().waitFor();
  for (const one of detail.evidence) await page.locator('.why').getByText(one.meaning, { exact: true }).first().waitFor();
  await accessible(page);
  await page.getByLabel('Show', { exact: true }).selectOption('messages');
  assert.equal(await page.locator('.did').count(), 0);
});

inPage('a session is looked at under other rules', {}, async (page) => {
  const { sessions } = await server.ask('/api/v1/sessions?filter=resolved&limit=1');
  const id = sessions[0].session_id;
  await page.goto(`${server.address}/conversations/${id}`);
  await settled(page);
  const other = await server.ask(`/api/v1/sessions/${id}/under/indigo`);
  await page.getByLabel('Under another profile').selectOption('indigo');
  await page.getByText(other.fact_set, { exact: true }).waitFor();
  const reasons = other.sessions.flatMap((session) => session.evidence.map((one) => one.meaning));
  assert.deepEqual(await page.locator('.why > li > span:nth-child(2)').allInnerTexts(), reasons);
});

test('«live» shows what comes in, within a moment', async () => {
  const { page, wrong, close } = await open(browser);
  try {
    await page.goto(`${server.address}/conversations?workspace=live_test&live=yes`);
    await page.getByText('No conversation has come in yet.').waitFor();
    const say = (id) =>
      server.ask('/api/v1/events?workspace=live_test', [{ event_type: 'message', time: new Date().toISOString(), conversation_id: id, role: 'user', text: 'hello', channel: 'web' }]);
    for (const [count, id] of [[1, 'one'], [2, 'two']]) {
      await say(id);
      await page.waitForFunction((wanted) => document.querySelectorAll('.list-line').length === wanted, count, { timeout: 6000 });
    }
    assert.deepEqual(wrong, []);
  } finally {
    await close();
  }
});

inPage('a page that is not there is told', {}, async (page) => {
  await page.goto(`${server.address}/no/such/page`);
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
});

inPage('what is looked at is in the address, and the numbers follow it', {}, async (page) => {
  await page.goto(`${server.address}/outcomes?zone=UTC`);
  await settled(page);
  const shown = page.locator('section[aria-label="Engagement"] .number-value').first();
  const asked = async (query) => (await server.ask('/api/v1/query', { metrics: ['sessions'], time_zone: 'UTC', ...query })).totals.sessions.value;
  assert.equal(number(await shown.innerText()), await asked({ range: { last: '28d' } }));
  await page.getByRole('button', { name: /Range/ }).click();
  await page.getByRole('button', { name: 'Last 90 days' }).click();
  await page.waitForURL(/range=90d/);
  await settled(page);
  assert.equal(number(await shown.innerText()), await asked({ range: { last: '90d' } }));
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await page.getByRole('dialog').getByRole('checkbox', { name: /whatsapp/ }).check();
  await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/filter=/);
  await settled(page);
  const filters = ['channel = whatsapp'];
  assert.equal(number(await shown.innerText()), await asked({ range: { last: '90d' }, filters }));
  // A link gives the same view; another page keeps it.
  await page.reload();
  await settled(page);
  assert.equal(number(await shown.innerText()), await asked({ range: { last: '90d' }, filters }));
  await page.getByRole('link', { name: 'Today' }).click();
  await page.waitForURL(/range=90d.*filter=|filter=.*range=90d/);
  await page.getByRole('button', { name: /Remove the filter/ }).click();
  await page.waitForFunction(() => !location.search.includes('filter='));
});

inPage('a number opens its definition, example and sessions', {}, async (page) => {
  await page.goto(`${server.address}/outcomes`);
  await settled(page);
  await page.getByRole('button', { name: /Resolution rate/ }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('A worked example').first().waitFor();
  await dialog.getByText('resolution_rate').first().waitFor();
  await accessible(page);
  const first = dialog.locator('a.menu-item').first();
  await first.waitFor();
  await first.click();
  await page.waitForURL(/conversations\/\w+/);
  await settled(page);
  await page.getByText('Resolved', { exact: true }).first().waitFor();
});

inPage('keys: search, help, going', {}, async (page) => {
  await page.goto(server.address);
  await settled(page);
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.getByRole('heading', { name: 'Outcomes', exact: true }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard and help' }).waitFor();
  await page.keyboard.press('Escape');
  // A key that comes while a dialog is open is the dialog's.
  const closed = () => page.locator('dialog[open]').waitFor({ state: 'detached' });
  for (const name of ['Users', 'Messages', 'Chats', 'Handover', 'Engagement', 'Feedback', 'User Satisfaction', 'Traffic', 'Clicks', 'Agents/Workflows']) {
    await page.keyboard.press('/');
    await page.getByRole('dialog').getByRole('combobox').fill(name);
    await page.getByRole('option').filter({ hasText: 'Elsewhere called' }).filter({ hasText: name }).first().click();
    await closed();
    await settled(page);
    assert.equal(await page.locator('[role="alert"]').count(), 0, name);
  }
});

inPage('the list goes on as it is scrolled', {}, async (page) => {
  await page.goto(`${server.address}/conversations?range=all`);
  await settled(page);
  const all = (await server.ask('/api/v1/query', { metrics: ['sessions'] })).totals.sessions.value;
  const loaded = async () => number((await page.getByRole('status').first().innerText()).split(' of ')[0]);
  assert.equal(await loaded(), 100);
  assert.ok((await page.locator('.list-line').count()) < 100, 'only what is seen is drawn');
  await page.locator('.list').evaluate((list) => list.scrollTo(0, list.scrollHeight));
  await page.waitForFunction(() => !document.querySelector('[role="status"]')?.textContent?.startsWith('100 '));
  assert.ok((await loaded()) > 100 && (await loaded()) <= all);
  await page.getByRole('searchbox').fill('whatever nobody said');
  await page.keyboard.press('Enter');
  await page.getByText('No session began in this range').waitFor();
});

inPage('Explore asks what is chosen, and saves what is shown', { acceptDownloads: true }, async (page) => {
  await page.goto(`${server.address}/explore?metric=sessions&by=channel&zone=UTC`);
  await settled(page);
  await page.getByRole('button', { name: 'Add a number' }).click();
  await page.getByRole('searchbox').fill('fallback_rate');
  await page.getByRole('dialog').getByRole('button', { name: 'Fallback rate', exact: false }).first().click();
  await page.waitForURL(/fallback_rate/);
  await settled(page);
  const answer = await server.ask('/api/v1/query', { metrics: ['sessions'], dimensions: ['channel'], range: { last: '28d' }, time_zone: 'UTC' });
  assert.equal(await page.locator('tbody tr').count(), answer.rows.length);
  await page.getByLabel('Show as').selectOption('bar');
  await page.locator('canvas').first().waitFor();
  await page.getByRole('button', { name: 'More for Sessions' }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'Save data as CSV' }).click()]);
  const saved = readFileSync(await download.path(), 'utf8').trim().split('\r\n').slice(1).map((line) => line.split(','));
  const expected = answer.rows.map((row) => [row.dimensions.channel, String(row.metrics.sessions.value)]);
  assert.deepEqual(saved, expected);
  await page.getByRole('button', { name: 'More for Sessions' }).click();
  await page.getByRole('menuitem', { name: 'Table' }).click();
  assert.equal(await page.locator('section[aria-label="Sessions"] tbody tr').count(), expected.length);
});

inPage('German, and colours by choice, are kept', { locale: 'de-DE' }, async (page) => {
  await page.goto(server.address);
  await page.getByRole('heading', { name: 'Heute' }).waitFor();
  await settled(page);
  assert.equal(await page.locator('html').getAttribute('lang'), 'de');
  await page.getByRole('button', { name: 'Sprache und Farben' }).click();
  await page.getByRole('combobox', { name: 'Farben', exact: true }).selectOption('dark');
  await settled(page);
  await page.reload();
  await settled(page);
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  await accessible(page);
});

test('what fails is told with its reason, and can be tried again', async () => {
  const { page, close } = await open(browser);
  try {
    const problem = { type: 'urn:upshot:problem:query-too-large', title: 'Too large', status: 422, detail: 'the answer needs more memory than allowed', instance: 'urn:upshot:request:1' };
    await page.route('**/api/v1/drivers', (route) => route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify(problem) }));
    await page.goto(`${server.address}/outcomes`);
    await page.getByRole('alert').getByText('the answer needs more memory than allowed').waitFor();
    await page.unroute('**/api/v1/drivers');
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  } finally {
    await close();
  }
});

test('a server with a key asks for it', async () => {
  const key = 'a-key-of-these-tests-alone';
  const keyed = await serve({ key });
  const { page, close } = await open(browser);
  try {
    await page.goto(keyed.address);
    await page.getByRole('button', { name: 'Open with a key instead' }).click();
    await page.getByLabel('Key').fill('another key');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('That key does not open this server.').waitFor();
    await accessible(page);
    await page.getByLabel('Key').fill(key);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('No conversation has come in yet.').waitFor();
  } finally {
    await close();
    await keyed.stop();
  }
});
