// Segments, the glossary, names in German, what is behind numbers, pictures of tables, and how often questions are asked.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { accessible, settled, wholeInBothShapes } from './browser.mjs';
import { inPage, number, server } from './demo.mjs';

const scope = { range: { last: '28d' }, time_zone: 'UTC' };

for (const [path, heading] of [['/segments', 'Segments'], ['/glossary', 'Glossary']]) {
  inPage(`${path} is whole and accessible`, {}, async (page) => {
    await page.goto(server.address + path);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    await settled(page);
    await wholeInBothShapes(page);
  });
}

inPage('segments: the filters of the bar are saved, used, changed, compared and removed', { refuses: 400 }, async (page) => {
  await page.goto(`${server.address}/outcomes?zone=UTC&filter=channel%20%3D%20web&filter=not%20unlinkable`);
  await settled(page);
  const save = async (name) => {
    await page.getByRole('button', { name: 'Segments', exact: true }).click();
    const menu = page.getByRole('dialog');
    await menu.getByLabel('Save the filters above as a segment').fill(name);
    await menu.getByRole('button', { name: 'Save', exact: true }).click();
    await page.waitForURL((url) => url.searchParams.getAll('filter').join() === `segment "${name}"`);
  };
  await save('web people');
  const kept = await server.ask('/api/v1/segments/web%20people');
  assert.equal(kept.filter, '(channel = web) and (not unlinkable)');
  await page.keyboard.press('Escape');
  await settled(page);
  const shown = page.locator('section[aria-label="Engagement"] .number-value').first();
  const asked = await server.ask('/api/v1/query', { ...scope, metrics: ['sessions'], filters: ['channel = web', 'not unlinkable'] });
  assert.equal(number(await shown.innerText()), asked.totals.sessions.value);
  await page.goto(`${server.address}/outcomes?zone=UTC&filter=channel%20%3D%20whatsapp`);
  await settled(page);
  await save('phones');
  // Side by side: what the server says of each, and of their difference.
  await page.goto(`${server.address}/segments?zone=UTC&with=web%20people&with=phones`);
  await page.getByRole('region', { name: 'Side by side' }).waitFor();
  await settled(page);
  const answer = await server.ask('/api/v1/query', { ...scope, metrics: ['sessions', 'resolution_rate'], segments: ['web people', 'phones'] });
  const row = page.getByRole('region', { name: 'Side by side' }).locator('tbody tr').first().locator('.cell');
  const of = (name) => answer.rows.find((one) => one.dimensions.segment === name).metrics.sessions.value;
  assert.deepEqual((await row.allInnerTexts()).map(number), [of('web people'), of('phones')]);
  await accessible(page);
  await page.getByRole('button', { name: 'Edit: phones' }).click();
  await page.getByRole('dialog').getByLabel('Filter').fill('channel = nowhere and');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').getByRole('alert').waitFor();
  await page.getByRole('dialog').getByLabel('Filter').fill('channel = voice');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal((await server.ask('/api/v1/segments/phones')).filter, 'channel = voice');
  for (const name of ['phones', 'web people']) {
    await page.getByRole('button', { name: `Remove: ${name}` }).click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.getByRole('rowheader', { name }).waitFor({ state: 'detached' });
  }
  await page.getByText('No filter is saved yet.').waitFor();
});

inPage('the glossary is found by a platform’s word, and by search', {}, async (page) => {
  await page.goto(`${server.address}/glossary`);
  await page.getByRole('searchbox').fill('HandOff');
  await page.waitForURL(/find=HandOff/);
  await page.getByText('Escalated', { exact: true }).waitFor();
  const shown = await page.locator('.glossary dt').allInnerTexts();
  assert.ok(shown.length > 0 && shown.length < 5, shown.join());
  await page.getByRole('main').getByRole('combobox').selectOption('watsonx');
  await page.getByRole('searchbox').fill('');
  await page.getByText('Transfer to live agent').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('heading', { level: 1 }).click();
  await page.keyboard.press('/');
  await page.getByRole('dialog').getByRole('combobox').fill('Human Takeover');
  await page.getByRole('option').filter({ hasText: 'Handover' }).first().click();
  await page.waitForURL(/glossary.*find=Handover/);
});

inPage('in German every number and dimension has a German name', { locale: 'de-DE' }, async (page) => {
  const [{ metrics }, { dimensions }] = await Promise.all([server.ask('/api/v1/metrics'), server.ask('/api/v1/dimensions')]);
  await page.goto(`${server.address}/explore`);
  await settled(page);
  for (const [button, all] of [['Zahl hinzufügen', metrics], ['Merkmal hinzufügen', dimensions]]) {
    await page.getByRole('button', { name: button }).click();
    const offered = page.getByRole('dialog').locator('.menu-item');
    await offered.first().waitFor();
    const shown = new Set((await offered.allInnerTexts()).map((text) => text.split('\n')[0].trim()));
    // What reads the same in both languages is a word of both.
    const same = all.filter((one) => shown.has(one.name)).map((one) => one.name);
    assert.ok(same.length <= 20, `still in English: ${same.join(', ')}`);
    await page.keyboard.press('Escape');
  }
});

inPage('the sessions behind a number are those that it counts', {}, async (page) => {
  await page.goto(`${server.address}/outcomes?zone=UTC`);
  await settled(page);
  const answer = await server.ask('/api/v1/query', { ...scope, metrics: ['resolution_rate'] });
  const { numerator, denominator } = answer.totals.resolution_rate;
  await page.getByRole('button', { name: /^Resolution rate/ }).first().click();
  const behind = page.getByRole('dialog').getByRole('region', { name: 'The sessions behind it' });
  const count = async () => number(/\(([\d,]+)\)/.exec(await behind.getByRole('heading').innerText())?.[1] ?? '');
  await behind.locator('a.menu-item').first().waitFor();
  assert.equal(await count(), numerator);
  await behind.getByLabel('Of').selectOption('denominator');
  await page.waitForFunction((wanted) => document.querySelector('dialog h3')?.textContent?.includes(wanted), denominator.toLocaleString('en-GB'));
  await behind.getByRole('button', { name: 'Show more' }).click();
  await page.waitForFunction(() => document.querySelectorAll('dialog a.menu-item').length === 12);
  await accessible(page);
});

inPage('who waits is told in words where nobody does', {}, async (page) => {
  await page.goto(`${server.address}/?workspace=main`);
  await settled(page);
  const live = await server.ask('/api/v1/live');
  if (live.totals.longest_wait.value === null || live.totals.longest_wait.value === undefined) {
    assert.equal(live.totals.longest_wait.reason, 'nobody waits for a person now');
    await page.getByText('nobody waits for a person now').first().waitFor();
  }
});

inPage('a table is saved as a picture', { acceptDownloads: true }, async (page) => {
  await page.goto(`${server.address}/improve?zone=UTC`);
  await settled(page);
  const [image] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as PNG: Intents that fail most' }).click()]);
  const bytes = readFileSync(await image.path());
  assert.deepEqual([...bytes.subarray(1, 4)], [...Buffer.from('PNG')]);
  // Its size says that it holds more than a line.
  assert.ok(bytes.readUInt32BE(16) > 600 && bytes.readUInt32BE(20) > 200);
});

inPage('a funnel shows the range before beside the range', {}, async (page) => {
  const through = ['step.kind = topic and step.topic_name = "Greeting"', 'step.kind = topic and step.topic_name = "Order status"'];
  const address = new URL('/topics?part=funnel&zone=UTC', server.address);
  through.forEach((one) => address.searchParams.append('through', one));
  await page.goto(address.href);
  await page.getByRole('region', { name: 'Funnel', exact: true }).waitFor();
  const compared = await server.ask('/api/v1/query', { ...scope, metrics: ['sessions'], compare: 'previous' });
  const { from, to } = compared.compare_range;
  const before = await server.ask('/api/v1/funnel', { through, range: { from, to }, time_zone: 'UTC' });
  const said = `before: ${(before.levels[1].from_start.value * 100).toFixed(1)}%`;
  await page.getByRole('region', { name: 'Funnel', exact: true }).locator('tbody tr').nth(1).getByText(said).first().waitFor();
});

inPage('a filter is asked for once, though it is asked for before the page is drawn', {}, async (page) => {
  for (const path of ['/', '/outcomes', '/topics', '/audience', '/improve']) {
    await page.goto(`${server.address}${path}?zone=UTC`);
    await settled(page);
    const sent = [];
    const note = (request) => {
      if (request.method() !== 'POST') return;
      const body = request.postDataJSON();
      sent.push(...(body.queries ?? [body]).map((one) => JSON.stringify([new URL(request.url()).pathname, one])));
    };
    page.on('request', note);
    await page.getByLabel('Traffic').selectOption('test');
    await page.waitForURL(/environment=test/);
    await settled(page);
    page.off('request', note);
    assert.ok(sent.length > 3, sent.join('\n'));
    assert.deepEqual(sent.filter((one, place) => sent.indexOf(one) !== place), [], path);
    const others = sent.filter((one) => !one.includes('"environment":"test"') && !one.includes('"environment":"all"'));
    assert.deepEqual(others, [], path);
  }
});

inPage('what is in sight is asked first', {}, async (page) => {
  await page.goto(`${server.address}/improve?zone=UTC`);
  await settled(page);
  const asked = async (value) => {
    const sent = [];
    const note = (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/api/v1/queries')) sent.push(request.postDataJSON().queries.map((one) => JSON.stringify([one.metrics, one.dimensions])));
    };
    page.on('request', note);
    let answers = 0;
    const answered = page.waitForResponse((response) => response.url().endsWith('/api/v1/queries') && ++answers === 2);
    await page.getByLabel('Traffic').selectOption(value);
    await answered;
    await settled(page);
    page.off('request', note);
    return sent;
  };
  const inSight = async (title) => {
    await page.getByRole('region', { name: title, exact: true }).scrollIntoViewIfNeeded();
    // What is in sight is told some frames later.
    await page.waitForTimeout(250);
  };
  const regions = await page.getByRole('main').locator('section.card').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  await inSight(regions[0]);
  const fromTop = await asked('all');
  assert.equal(fromTop.length, 2, JSON.stringify(fromTop));
  await inSight(regions.at(-1));
  const fromEnd = await asked('test');
  assert.equal(fromEnd.length, 2, JSON.stringify(fromEnd));
  const all = (batches) => batches.flat().sort();
  assert.deepEqual(all(fromTop), all(fromEnd));
  assert.notDeepEqual([...fromTop[0]].sort(), [...fromEnd[0]].sort());
});

inPage('what does not follow the filters is not asked again with them', {}, async (page) => {
  const asked = async (choose, until) => {
    const sent = [];
    const note = (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/api/v1/queries')) sent.push(...request.postDataJSON().queries);
    };
    page.on('request', note);
    await choose();
    await page.waitForURL(until);
    await settled(page);
    page.off('request', note);
    return sent.map((one) => JSON.stringify([one.metrics, one.dimensions, one.range]));
  };
  const everyBot = JSON.stringify([['sessions'], ['bot'], {}]);
  await page.goto(`${server.address}/outcomes?zone=UTC&range=all&environment=all`);
  await settled(page);
  const bot = page.getByRole('combobox', { name: 'Bot' });
  const value = await bot.locator('option').nth(1).getAttribute('value');
  const sent = await asked(() => bot.selectOption(value), /bot=/);
  assert.ok(sent.length > 3, sent.join());
  assert.ok(!sent.includes(everyBot), sent.join());
  assert.ok(!(await asked(() => page.getByLabel('Traffic').selectOption('production'), (url) => !url.search.includes('environment=all'))).includes(everyBot));
});

/** Keeps back what a page asks, until it is let go. */
async function keptBack(page) {
  let letGo;
  const free = new Promise((resolve) => (letGo = resolve));
  await page.route(/\/api\/v1\/(queries|drivers|sessions|live|messages|topics)/, async (route) => {
    await free;
    await route.continue().catch(() => undefined);
  });
  return letGo;
}

/** Here a page waits as long as its answers take. */
function waitsLong() {
  const real = window.setTimeout;
  window.setTimeout = (call, delay, ...rest) => real(call, delay === 250 ? 60_000 : delay, ...rest);
}

const traffic = (page) => page.getByLabel('Traffic');
/** Where a link in the page and one beside it lead. */
const leads = (page) => page.evaluate(() => [document.querySelector('#content a[href*="zone="]').href, document.querySelector('.side a[href*="/outcomes"]').href].map((link) => new URL(link).searchParams.get('environment')));
const engaged = (page) => page.locator('section[aria-label="Engagement"] .number-value').first();
const sessionsOf = async (environment) => (await server.ask('/api/v1/query', { ...scope, metrics: ['sessions'], environment })).totals.sessions.value;

inPage('a page stays as it is until the answers in sight are there', {}, async (page) => {
  await page.addInitScript(waitsLong);
  await page.goto(`${server.address}/outcomes?zone=UTC`);
  await settled(page);
  const tips = await page.evaluateHandle(() => [...document.querySelectorAll('.chart-area > div:last-child')]);
  const before = await engaged(page).innerText();
  const letGo = await keptBack(page);
  await traffic(page).selectOption('all');
  await page.waitForURL(/environment=all/);
  await page.waitForFunction(() => document.querySelector('.side a[href*="environment=all"]') !== null);
  assert.equal(await traffic(page).inputValue(), 'all');
  assert.equal(await page.locator('#content').getAttribute('aria-busy'), 'true');
  assert.deepEqual(await leads(page), [null, 'all'], 'what is drawn is of the view before');
  assert.equal(await engaged(page).innerText(), before);
  letGo();
  await settled(page);
  assert.deepEqual(await leads(page), ['all', 'all']);
  assert.equal(number(await engaged(page).innerText()), await sessionsOf('all'));
  // A new element for its tip would have the browser lay out all of the page for each chart.
  assert.deepEqual(await tips.evaluate((all) => [all.length > 1, all.every((tip) => tip.isConnected)]), [true, true]);
  // To another page nobody waits.
  const letGoAgain = await keptBack(page);
  await traffic(page).selectOption('test');
  await page.waitForURL(/environment=test/);
  await page.locator('.side').getByRole('link', { name: 'Improve' }).click();
  await page.getByRole('heading', { level: 1, name: 'Improve' }).waitFor();
  assert.equal(await page.locator('#content a[href*="environment=all"]').count(), 0);
  letGoAgain();
  await settled(page);
});

inPage('a page that waits too long is drawn with old answers, which turn pale', {}, async (page) => {
  await page.goto(`${server.address}/outcomes?zone=UTC`);
  await settled(page);
  const before = await engaged(page).innerText();
  const letGo = await keptBack(page);
  await traffic(page).selectOption('all');
  await page.locator('#content .stale').first().waitFor();
  assert.equal(await page.locator('#content').getAttribute('aria-busy'), 'false');
  assert.equal(await engaged(page).innerText(), before);
  letGo();
  await settled(page);
  assert.equal(await page.locator('#content .stale').count(), 0);
  assert.equal(number(await engaged(page).innerText()), await sessionsOf('all'));
});

inPage('one filter after the other is chosen in a page that waits', {}, async (page) => {
  await page.addInitScript(waitsLong);
  await page.goto(`${server.address}/conversations?zone=UTC`);
  await settled(page);
  const letGo = await keptBack(page);
  await page.getByRole('button', { name: 'Often wanted' }).click();
  const boxes = page.getByRole('dialog', { name: 'Often wanted' }).getByRole('checkbox');
  for (const place of [0, 1]) await boxes.nth(place).check();
  await page.waitForURL((url) => url.searchParams.getAll('filter').length === 2);
  await boxes.nth(0).uncheck();
  await page.waitForURL((url) => url.searchParams.getAll('filter').length === 1);
  assert.equal(await page.locator('#content').getAttribute('aria-busy'), 'true');
  assert.equal(await boxes.nth(1).isChecked(), true);
  letGo();
  await settled(page);
});
