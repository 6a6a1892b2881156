// The first run in a browser: platform, a file looked at and taken in, bots and time zone, and whether the numbers match.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { accessible, fits, launch, open, settled } from './browser.mjs';
import { serve } from './server.mjs';

const TRANSCRIPTS = fileURLToPath(new URL('../../crates/adapters/tests/fixtures/copilot_studio/rows.json', import.meta.url));

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), serve()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A page on which nothing may go wrong; the body ends on it. */
function onPage(name, options, body) {
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

for (const step of ['platform', 'data', 'rules', 'check']) {
  for (const [scheme, width] of [['light', 1280], ['dark', 360]]) {
    onPage(`the first run, ${step}: whole and accessible, ${scheme}, ${width} pixels`, { scheme, width }, async (page) => {
      await page.goto(`${server.address}/start?step=${step}&platform=copilot-studio`);
      await page.getByRole('heading', { level: 1, name: 'Bring your conversations' }).waitFor();
      await settled(page);
      assert.equal(await page.locator('[role="alert"]').count(), 0);
      await fits(page);
      await accessible(page);
    });
  }
}

onPage('a file is looked at, then taken in; the numbers are those of the platform', {}, async (page) => {
  await page.goto(server.address);
  await page.getByText('No conversation has come in yet.').waitFor();
  await page.getByRole('link', { name: 'Begin' }).click();
  await page.getByRole('link', { name: /Copilot Studio/ }).click();
  await page.waitForURL(/platform=copilot-studio/);
  await page.locator('input[type="file"]').setInputFiles(TRANSCRIPTS);
  await page.getByRole('heading', { name: /What would come in/ }).waitFor();
  const would = async (name) => Number((await page.locator('.counts > div').filter({ has: page.getByText(name, { exact: true }) }).locator('dd').innerText()).replaceAll(',', ''));
  const [events, fresh] = [await would('Events'), await would('New')];
  assert.ok(events > 20 && fresh === events, `${events} events, ${fresh} of them new`);
  await page.getByText(/copilot-studio|copilot_studio/).first().waitFor();
  await accessible(page);
  // Nothing has come in by looking.
  const all = { range: {}, environment: 'all' };
  const count = async () => (await server.ask('/api/v1/query', { ...all, metrics: ['sessions'] })).totals.sessions.value;
  assert.equal(await count(), 0);
  await page.getByRole('button', { name: /^Import [\d,]+ new events$/ }).click();
  await page.getByText('It is in.').waitFor();
  assert.ok((await count()) > 0);
  // The same file again adds nothing.
  await page.locator('input[type="file"]').setInputFiles(TRANSCRIPTS);
  await page.getByText('Everything in it is here already.').waitFor();
  await page.getByRole('link', { name: 'Next' }).click();
  const zones = page.getByRole('region', { name: 'Bots and time zone' }).getByLabel('Time zone', { exact: true });
  const zone = await zones.locator('option').evaluateAll((options) => options.map((option) => option.value).find((value) => value.includes('/')));
  await zones.selectOption(zone);
  await page.getByRole('button', { name: 'Save' }).first().click();
  await page.waitForTimeout(400);
  assert.equal((await server.ask('/api/v1/settings')).time_zone, zone);
  await page.goto(`${server.address}/start?step=check&platform=copilot-studio&range=all&environment=all`);
  await page.getByRole('region', { name: 'Agreement with the platform' }).waitFor();
  await settled(page);
  const check = await server.ask('/api/v1/checks/reported?environment=all');
  assert.ok(check.reported > 0, 'the transcripts carry the outcome of the platform');
  const row = page.getByRole('region', { name: 'Agreement with the platform' }).getByRole('row', { name: /^Resolved/ });
  const resolved = check.rows.find((one) => one.what === 'resolved');
  assert.deepEqual((await row.locator('td').allInnerTexts()).slice(0, 2).map(Number), [resolved.reported, resolved.computed]);
  await accessible(page);
  await page.getByRole('link', { name: 'To Today' }).click();
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  // Every page holds real transcripts.
  for (const path of ['/outcomes', '/topics', '/audience', '/handover', '/improve', '/ai', '/conversations']) {
    await page.goto(`${server.address}${path}?range=all&environment=all`);
    await settled(page);
    assert.equal(await page.locator('[role="alert"]').count(), 0, path);
  }
  await page.locator('.list-line a').first().click();
  await settled(page);
  await page.locator('.bubble').first().waitFor();
  await accessible(page);
});

onPage('what cannot be read is named with its reason and cure', {}, async (page) => {
  await page.goto(`${server.address}/start?step=data`);
  const lines = ['{"event_type":"message","time":"2026-03-01T09:30:00Z","conversation_id":"c-1","role":"user","text":"hello","channel":"web"}', '{"event_type":"mesage","time":"2026-03-01T09:31:00Z","conversation_id":"c-1"}'];
  await page.locator('input[type="file"]').setInputFiles({ name: 'events.jsonl', mimeType: 'application/x-ndjson', buffer: Buffer.from(lines.join('\n')) });
  const refused = page.getByRole('group', { name: 'What does not come in, and why' });
  await refused.getByText(/did you mean `message`/).waitFor();
  await accessible(page);
});

test('the demo wears a banner, and is cleared', async () => {
  const demo = await serve({ demo: true });
  const { page, wrong, close } = await open(browser);
  try {
    await page.goto(demo.address);
    const banner = page.getByRole('region', { name: 'Demo data' });
    await banner.waitFor();
    await banner.getByRole('button', { name: 'Clear the demo' }).click();
    await banner.getByRole('button', { name: 'Keep it' }).click();
    await banner.getByRole('button', { name: 'Clear the demo' }).click();
    await accessible(page);
    await banner.getByRole('button', { name: 'Remove all demo data' }).click();
    await page.getByText('No conversation has come in yet.').waitFor({ timeout: 60_000 });
    await banner.waitFor({ state: 'detached' });
    const left = await demo.ask('/api/v1/query', { metrics: ['sessions'], environment: 'all' });
    assert.equal(left.totals.sessions.value, 0);
    assert.deepEqual(wrong, []);
  } finally {
    await close();
    await demo.stop();
  }
});
