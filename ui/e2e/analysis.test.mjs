// The pages for analysis in a browser, on demo data, against the real program.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { accessible, settled, wholeInBothShapes } from './browser.mjs';
import { inPage, number, server } from './demo.mjs';

/** Pages, and what each of them must show. */
const PAGES = {
  '/topics': ['Topics', 'Visits: agents, workflows and topics, and how visits end'],
  '/topics?part=flows': ['What sessions do, from their first step'],
  '/topics?part=paths': ['The commonest paths', 'What follows more often than by chance'],
  '/topics?part=clicks': ['Clicks', 'Options', 'Questions and where people leave'],
  '/audience': ['Users', 'New and returning users', 'Active users', 'Who comes back', 'When people come', 'Chats and messages', 'Where people come from'],
  '/handover': ['Handover', 'From the request to the end', 'Why a person was asked for', 'Waiting', 'Right now', 'Last words before a handover', 'Skills', 'Agents'],
  '/improve': ['How well the bot understands', 'Intents that fail most', 'What was not understood', 'Intents that are confused', 'Knowledge', 'Friction'],
  '/ai': ['Cost', 'Cost by model', 'Tokens', 'Calls of models', 'Tools', 'Errors by kind', 'Quality of generated answers'],
  '/topics/order_status': ['What came of the sessions that visited it', 'What came before Order status', 'What comes after Order status'],
};

/** How many sessions the list of conversations counts, once it says so. */
async function listedSessions(page) {
  const said = page.getByRole('status').filter({ hasText: ' of ' }).first();
  await said.waitFor();
  return number((await said.innerText()).split(' of ')[1].split(' ')[0]);
}

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
    await wholeInBothShapes(page, () => shows(page, cards));
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
  assert.equal(await listedSessions(page), first.metrics.sessions.value);
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
  await settled(page);
  await accessible(page);
});

inPage('audience: users, cohorts and hours are what the server says', {}, async (page) => {
  await page.goto(`${server.address}/audience?zone=UTC`);
  await shows(page, PAGES['/audience']);
  const scope = { range: { last: '28d' }, time_zone: 'UTC' };
  const users = await server.ask('/api/v1/query', { ...scope, metrics: ['users'] });
  assert.equal(number(await page.getByRole('region', { name: 'Users', exact: true }).locator('.number-value').first().innerText()), users.totals.users.value);
  // Cohorts: the first row is all of them; a cell says what the server says.
  const cohorts = page.getByRole('group', { name: 'Who comes back' }).locator('tbody tr');
  const retention = async (period) => server.ask('/api/v1/retention', { ...scope, period, periods: period === 'week' ? 12 : 14 });
  const week = await retention('week');
  // The first rows are all of them together, and all of the range before.
  await page.getByRole('rowheader', { name: 'The time before' }).waitFor();
  assert.equal(await cohorts.count(), week.cohorts.length + 2);
  assert.deepEqual((await cohorts.locator('td:nth-child(2)').allInnerTexts()).slice(2).map(number), week.cohorts.map((cohort) => cohort.users));
  assert.equal((await cohorts.first().locator('td').nth(1).innerText()).replace('%', ''), (week.overall[0].exact.value * 100).toFixed(1));
  await page.getByRole('region', { name: 'Who comes back' }).locator('select').first().selectOption('day');
  await page.waitForTimeout(100);
  await settled(page);
  await page.getByRole('rowheader', { name: 'The time before' }).waitFor();
  assert.equal(await cohorts.count(), (await retention('day')).cohorts.length + 2);
  // Hours, as a table.
  await page.getByRole('button', { name: 'More for When people come' }).click();
  await page.getByRole('menuitem', { name: 'Table' }).click();
  const hours = await server.ask('/api/v1/query', { ...scope, metrics: ['sessions'], dimensions: ['weekday', 'hour_of_day'] });
  const told = (await page.getByRole('group', { name: 'When people come' }).locator('tbody td').allInnerTexts()).filter((text) => text !== 'no data').map(number);
  assert.equal(told.reduce((sum, value) => sum + value, 0), hours.totals.sessions.value);
  // Where from: another dimension is kept in the address.
  await page.getByRole('region', { name: 'Where people come from' }).locator('select').selectOption('country');
  await page.waitForURL(/by=country/);
  await settled(page);
  const countries = await server.ask('/api/v1/query', { ...scope, metrics: ['sessions'], dimensions: ['country'], order: ['sessions'] });
  const table = page.getByRole('region', { name: 'What came of them, by where they come from' }).locator('tbody tr');
  assert.equal(number((await table.first().locator('.cell').first().innerText())), countries.rows[0].metrics.sessions.value);
});

const scope = { range: { last: '28d' }, time_zone: 'UTC' };

/** The cells of a column of a card's table, as numbers. */
async function column(page, card, place) {
  const cells = await page.getByRole('region', { name: card, exact: true }).locator(`tbody tr td:nth-child(${place}) .cell`).allInnerTexts();
  return cells.map(number);
}

inPage('handover: reasons, words and agents are what the server says', {}, async (page) => {
  await page.goto(`${server.address}/handover?zone=UTC`);
  await shows(page, PAGES['/handover']);
  const reasons = await server.ask('/api/v1/query', { ...scope, metrics: ['handover_sessions'], dimensions: ['handover_trigger'], filters: ['handover_trigger is not null'], order: ['handover_sessions'], limit: 50 });
  const told = await column(page, 'Why a person was asked for', 2);
  assert.ok(told.length > 3);
  assert.deepEqual(told, reasons.rows.slice(0, told.length).map((row) => row.metrics.handover_sessions.value));
  // The words lead to the session in which they were said.
  const words = page.getByRole('region', { name: 'Last words before a handover' }).locator('.words a').first();
  const said = await words.innerText();
  await words.click();
  await page.waitForURL(/conversations\/\w+/);
  await settled(page);
  await page.locator('.bubble').getByText(said, { exact: true }).first().waitFor();
});

inPage('a number of a row of steps leads to the sessions with that step', {}, async (page) => {
  await page.goto(`${server.address}/handover?zone=UTC`);
  await shows(page, ['Agents']);
  const agents = await server.ask('/api/v1/query', { ...scope, metrics: ['agent_sessions', 'agent_parts'], dimensions: ['step.agent', 'step.skill'], filters: ['step.kind = agent'], order: ['agent_parts'], limit: 200 });
  const first = agents.rows[0];
  await page.getByRole('region', { name: 'Agents', exact: true }).locator('tbody tr').first().locator('.cell').first().click();
  await page.getByRole('dialog').getByRole('link', { name: 'Conversations' }).click();
  await page.waitForURL(/conversations.*filter=/);
  await settled(page);
  const listed = await listedSessions(page);
  // A range selects parts by when they happened, sessions by their start: those about midnight may differ.
  assert.ok(Math.abs(listed - first.metrics.agent_sessions.value) <= 1, `${listed} sessions, not ${first.metrics.agent_sessions.value}`);
});

inPage('models: what they cost is what the server says, by what is chosen', {}, async (page) => {
  await page.goto(`${server.address}/ai?zone=UTC`);
  await shows(page, PAGES['/ai']);
  const ask = async (by) => server.ask('/api/v1/query', { ...scope, compare: 'previous', metrics: ['model_calls', 'model_cost'], dimensions: [by], filters: ['step.kind = model_call and step.tool is null'], order: ['model_cost'], limit: 100 });
  const models = await ask('step.model');
  assert.deepEqual(await column(page, 'Calls of models', 2), models.rows.map((row) => row.metrics.model_calls.value));
  await page.getByRole('region', { name: 'Calls of models' }).locator('select').selectOption('topic');
  await page.waitForURL(/by=topic/);
  await settled(page);
  const topics = await ask('step.topic_name');
  const told = await column(page, 'Calls of models', 2);
  assert.deepEqual(told, topics.rows.slice(0, told.length).map((row) => row.metrics.model_calls.value));
  // Another column orders; the server does it.
  await page.getByRole('region', { name: 'Calls of models' }).getByRole('button', { name: 'Tokens written' }).click();
  await page.waitForTimeout(100);
  await settled(page);
  const ordered = await column(page, 'Calls of models', 5);
  assert.deepEqual(ordered, [...ordered].sort((left, right) => right - left));
});

inPage('improve: what fails and what was not understood is what the server says', { acceptDownloads: true }, async (page) => {
  await page.goto(`${server.address}/improve?zone=UTC`);
  await shows(page, PAGES['/improve']);
  const vain = await server.ask('/api/v1/query', { ...scope, metrics: ['top_intents'], dimensions: ['last_intent'], filters: ['last_intent is not null'], order: ['unresolved_sessions'], limit: 50 });
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save data as CSV: Intents that fail most' }).click()]);
  const saved = readFileSync(await download.path(), 'utf8').trim().split('\r\n').slice(1).map((line) => line.split(','));
  assert.deepEqual(saved.map(([intent, sessions, unresolved]) => [intent, Number(sessions), Number(unresolved)]), vain.rows.map((row) => [row.dimensions.last_intent, row.metrics.sessions.value, row.metrics.unresolved_sessions.value]));
  const { sessions } = await server.ask('/api/v1/sessions?last=28d&time_zone=UTC&limit=1&filter=any%20message%20(message.unmatched)');
  const detail = await server.ask(`/api/v1/sessions/${sessions[0].session_id}`);
  const first = detail.messages.find((message) => message.unmatched);
  await page.getByRole('region', { name: 'What was not understood' }).getByText(first.text, { exact: true }).first().waitFor();
});
