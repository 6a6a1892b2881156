// Settings, saved views and boards, annotations, notes and labels in a browser, on demo data.
import assert from 'node:assert/strict';

import { accessible, fits, settled, wholeInBothShapes } from './browser.mjs';
import { inPage, number, server } from './demo.mjs';

const SECTIONS = { workspace: 'Workspace', bots: 'Bots', profiles: 'Profiles', sources: 'Sources and keys', privacy: 'Privacy', people: 'People and roles', shares: 'Shared views', mail: 'Mail', annotations: 'Annotations', prices: 'Prices', audit: 'Audit' };

for (const [section, title] of Object.entries(SECTIONS)) {
  inPage(`settings, ${section}: whole and accessible`, {}, async (page) => {
    await page.goto(`${server.address}/settings?section=${section}`);
    await page.getByRole('region', { name: title, exact: true }).first().waitFor();
    await settled(page);
    assert.equal(await page.locator('[role="alert"]').count(), 0);
    await wholeInBothShapes(page);
  });
}

inPage('the workspace’s time zone and money are set, and numbers follow', {}, async (page) => {
  await page.goto(`${server.address}/settings`);
  await page.getByLabel('Time zone', { exact: true }).selectOption('America/New_York');
  await page.getByLabel('Currency').fill('eur');
  await page.getByLabel(/A minute of an agent/).fill('0.9');
  await page.getByRole('combobox', { name: 'Measured against' }).selectOption('rate');
  await page.getByLabel(/Share of inquiries/).fill('42.5');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForFunction(() => document.querySelector('.settings [role="status"]') !== null);
  await page.waitForTimeout(400);
  const settings = await server.ask('/api/v1/settings');
  assert.deepEqual([settings.time_zone, settings.currency, settings.costs.agent_minute, settings.ticket_baseline.rate], ['America/New_York', 'EUR', 0.9, 0.425]);
  const reduction = await server.ask('/api/v1/query', { metrics: ['ticket_reduction'], range: { last: '28d' } });
  assert.equal(typeof reduction.totals.ticket_reduction.value, 'number');
  await page.goto(`${server.address}/outcomes`);
  await settled(page);
  assert.equal(await page.getByLabel('Time zone', { exact: true }).inputValue(), 'America/New_York');
  const asked = await server.ask('/api/v1/query', { metrics: ['sessions'], range: { last: '28d' } });
  assert.equal(number(await page.locator('section[aria-label="Engagement"] .number-value').first().innerText()), asked.totals.sessions.value);
});

inPage('a bot is given a name', {}, async (page) => {
  await page.goto(`${server.address}/settings?section=bots`);
  const field = page.getByRole('textbox', { name: /^Shown as/ }).first();
  const id = (await field.getAttribute('aria-label')).replace('Shown as: ', '');
  await field.fill('The friendly one');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForTimeout(400);
  const kept = await server.ask('/api/v1/settings');
  assert.deepEqual(kept.bots, [{ id, name: 'The friendly one' }]);
  // What other sections set stays.
  assert.deepEqual([kept.currency, kept.ticket_baseline.rate], ['EUR', 0.425]);
  await page.goto(`${server.address}/outcomes`);
  await settled(page);
  await page.getByLabel('Bot', { exact: true }).selectOption({ label: 'The friendly one' });
  await page.waitForURL((url) => url.searchParams.get('bot') === id);
  await page.goto(`${server.address}/explore?metric=sessions&by=bot`);
  await settled(page);
  await page.getByRole('cell', { name: 'The friendly one' }).or(page.getByRole('rowheader', { name: 'The friendly one' })).first().waitFor();
});

inPage('other rules are seen before they are applied', {}, async (page) => {
  await page.goto(`${server.address}/settings?section=profiles`);
  await page.getByLabel('Rules', { exact: true }).selectOption('indigo');
  await page.getByLabel('Look at').selectOption('10');
  await page.getByRole('button', { name: 'See what would change' }).click();
  await page.getByText(/sessions change/).waitFor({ timeout: 60_000 });
  const preview = await server.ask('/api/v1/fact-sets/preview', { profile: 'indigo', one_in: 10 });
  const then = page.locator('table').filter({ hasText: 'Sessions that are over' }).locator('tbody tr').first().locator('td').last();
  assert.equal(number(await then.innerText()), preview.after.sessions);
  await accessible(page);
});

inPage('a test event is sent, and found in the test traffic', {}, async (page) => {
  await page.goto(`${server.address}/settings?section=sources`);
  await page.getByRole('button', { name: 'Send a test event' }).click();
  await page.getByText('It arrived.').waitFor();
  await page.getByRole('link', { name: 'See it' }).click();
  await page.locator('.list-line').first().waitFor();
  assert.equal(await page.locator('.list-line').count(), 1);
});

inPage('what happened stands on charts over time', {}, async (page) => {
  await page.goto(`${server.address}/settings?section=annotations`);
  await page.getByRole('button', { name: 'Note what happened' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('What happened').fill('Version 2.4 is out');
  await accessible(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  const { annotations } = await server.ask('/api/v1/annotations');
  assert.deepEqual(annotations.map((one) => [one.text, one.kind]), [['Version 2.4 is out', 'release']]);
  await page.goto(`${server.address}/outcomes`);
  await settled(page);
  await page.getByRole('region', { name: 'Sessions by outcome' }).getByText('Version 2.4 is out').waitFor();
  await accessible(page);
  await page.goto(`${server.address}/settings?section=annotations`);
  await page.getByRole('button', { name: 'Remove: Version 2.4 is out' }).click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await page.getByText('Nothing is noted yet.').waitFor();
});

inPage('views are saved, put on a board, opened and removed', {}, async (page) => {
  const save = async (path, title) => {
    await page.goto(server.address + path);
    await settled(page);
    await page.getByRole('button', { name: 'Save as view' }).click();
    await page.getByRole('dialog').getByLabel('Name of the view').fill(title);
    await accessible(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  await save('/explore?metric=sessions&by=channel&show=bar&zone=UTC', 'Sessions by channel');
  await save('/explore?metric=sessions&metric=resolution_rate&by=topic_name&zone=UTC&range=90d', 'Topics, 90 days');
  const { views } = await server.ask('/api/v1/views');
  assert.deepEqual(views.map((one) => one.title).sort(), ['Sessions by channel', 'Topics, 90 days']);
  await page.goto(`${server.address}/boards`);
  await page.getByRole('button', { name: 'New board' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Monday meeting');
  for (const title of ['Topics, 90 days', 'Sessions by channel']) await dialog.getByLabel('Add a view…').selectOption({ label: title });
  await dialog.getByRole('button', { name: 'Move Sessions by channel up' }).click();
  await accessible(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(/boards\/monday-meeting/);
  await settled(page);
  await page.getByRole('heading', { level: 1, name: 'Monday meeting' }).waitFor();
  await page.locator('canvas').first().waitFor();
  // A view keeps what it says itself; what it does not say is as the bar says.
  const asked = await server.ask('/api/v1/query', { metrics: ['sessions'], dimensions: ['topic_name'], range: { last: '90d' }, time_zone: 'UTC', order: ['sessions'] });
  const first = page.getByRole('region', { name: 'Topics, 90 days' }).locator('tbody tr').first().locator('.cell').first();
  assert.equal(number(await first.innerText()), asked.rows[0].metrics.sessions.value);
  await fits(page);
  await accessible(page);
  await page.getByRole('button', { name: 'Open: Topics, 90 days' }).click();
  await page.waitForURL(/explore.*range=90d/);
  await settled(page);
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByRole('button', { name: 'Remove: Topics, 90 days' }).click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await page.waitForTimeout(400);
  const { boards } = await server.ask('/api/v1/boards');
  assert.deepEqual(boards.map((one) => one.views.length), [1]);
});

inPage('a session is given labels and notes, and found by a label', {}, async (page) => {
  const { sessions } = await server.ask('/api/v1/sessions?filter=escalated&limit=1');
  const id = sessions[0].session_id;
  await page.goto(`${server.address}/conversations/${id}`);
  const card = page.getByRole('region', { name: 'Labels and notes' });
  await card.getByLabel('Label', { exact: true }).fill('should have helped');
  await card.getByRole('button', { name: 'Add', exact: true }).click();
  await card.getByRole('link', { name: 'should have helped' }).waitFor();
  await card.getByLabel('Note', { exact: true }).fill('Ask for the order number first.');
  await card.getByRole('button', { name: 'Add the note' }).click();
  await card.getByText('Ask for the order number first.').waitFor();
  await settled(page);
  await accessible(page);
  await card.getByRole('link', { name: 'should have helped' }).click();
  await page.waitForURL(/filter=label/);
  await page.locator('.list-line').first().waitFor();
  assert.equal(await page.locator('.list-line').count(), 1);
  await page.goto(`${server.address}/conversations/${id}`);
  await card.getByRole('button', { name: 'Remove the label should have helped' }).click();
  await card.getByText('No label yet').waitFor();
  await card.getByRole('button', { name: /^Remove: Ask for/ }).click();
  await card.getByRole('button', { name: 'Remove it' }).click();
  await card.getByText('Ask for the order number first.').waitFor({ state: 'detached' });
});

inPage('/boards is whole and accessible, empty and with views', {}, async (page) => {
  await page.goto(`${server.address}/boards?workspace=nobody_yet`);
  await page.getByText('There is no board yet.').waitFor();
  await settled(page);
  await fits(page);
  await accessible(page);
});

inPage('a user is erased: what would go is shown before, and a proof stays', {}, async (page) => {
  const { sessions } = await server.ask('/api/v1/sessions?filter=user_id%20is%20not%20null&limit=1');
  const user = sessions[0].user_id;
  const count = async () => (await server.ask('/api/v1/query', { metrics: ['sessions'], filters: [`user_id = "${user}"`], range: {} })).totals.sessions.value;
  assert.ok((await count()) > 0);
  await page.goto(`${server.address}/settings?section=privacy`);
  await page.getByText('Nobody was erased.').waitFor();
  const card = page.getByRole('region', { name: 'Erase users' });
  await card.getByLabel('Their ids').fill(`${user}\n`);
  await card.getByLabel('Reason').fill('request of 2026-03-09');
  await card.getByRole('button', { name: 'See what would go' }).click();
  await card.getByText(/^Would go: conversations [1-9]/).waitFor();
  assert.ok((await count()) > 0);
  await card.getByRole('button', { name: 'Erase for good' }).click();
  await card.getByRole('button', { name: /^Yes, erase/ }).click();
  await card.getByText(/^Erased: /).waitFor();
  await page.getByText(/nothing was found any more/).waitFor();
  await accessible(page);
  assert.equal(await count(), 0);
  assert.ok(!(await page.locator('main').innerText()).includes(user));
});

inPage('texts are kept for so many days, and what goes is told before', { refuses: 400 }, async (page) => {
  await page.goto(`${server.address}/settings?section=privacy`);
  const card = page.getByRole('region', { name: 'For how long' });
  await card.getByLabel('What people wrote, days').fill('40');
  await card.getByLabel('Events, days').fill('30');
  await card.getByRole('button', { name: 'See what would go' }).click();
  await card.getByRole('alert').waitFor();
  await card.getByLabel('Events, days').fill('80');
  await card.getByRole('button', { name: 'See what would go' }).click();
  await card.getByText(/^Would go at once: events with texts [1-9]/).waitFor();
  await card.getByRole('button', { name: 'Keep it so' }).click();
  await card.getByRole('button', { name: /^Yes\./ }).click();
  await card.getByText(/There is something since 20/).first().waitFor();
  const { texts_days, events_days, facts_days } = await server.ask('/api/v1/keeping');
  assert.deepEqual([texts_days, events_days, facts_days], [40, 80, null]);
  await accessible(page);
});

inPage('what is kept of texts is set, and in full only by who says so twice', {}, async (page) => {
  const ask = () => server.ask('/api/v1/text-mode').then(({ mode, is_set }) => [mode, is_set]);
  await page.goto(`${server.address}/settings?section=privacy`);
  const card = page.getByRole('region', { name: 'Privacy', exact: true });
  assert.ok(await card.getByRole('radio', { name: /As the server says \(Masked\)/ }).isChecked());
  await card.getByRole('radio', { name: /^No text/ }).check();
  await card.getByRole('button', { name: 'Save' }).click();
  await card.getByText(/^Set on/).waitFor();
  assert.deepEqual(await ask(), ['none', true]);
  await card.getByRole('radio', { name: /^In full/ }).check();
  await card.getByText(/will be stored as people write them/).waitFor();
  await accessible(page);
  await card.getByRole('button', { name: 'Save' }).click();
  await card.getByRole('button', { name: 'Leave it as it was' }).click();
  assert.deepEqual(await ask(), ['none', true]);
  await card.getByRole('button', { name: 'Save' }).click();
  await card.getByRole('button', { name: /^Yes, keep everything/ }).click();
  await card.getByRole('radio', { name: /^In full.*holds now/ }).waitFor();
  assert.deepEqual(await ask(), ['full', true]);
  await card.getByRole('radio', { name: /As the server says/ }).check();
  await card.getByRole('button', { name: 'Save' }).click();
  await card.getByText(/^Set on/).waitFor({ state: 'detached' });
  assert.deepEqual(await ask(), ['masked', false]);
  await page.goto(`${server.address}/settings?section=audit`);
  await page.getByRole('cell', { name: 'text_mode.set' }).first().waitFor();
});

inPage('a source keeps to a mode of its own', {}, async (page) => {
  const ask = () => server.ask('/api/v1/text-mode').then(({ sources }) => sources.map(({ source, mode }) => [source, mode]));
  await page.goto(`${server.address}/settings?section=privacy`);
  const card = page.getByRole('region', { name: 'Privacy', exact: true });
  const add = async (source, mode) => {
    await card.getByLabel('Source', { exact: true }).fill(source);
    await card.getByLabel('What is kept of it').selectOption(mode);
    await card.getByRole('button', { name: 'Set for this source' }).click();
  };
  await add('crm/eu', 'none');
  await card.getByRole('row', { name: /crm\/eu No text/ }).waitFor();
  assert.deepEqual(await ask(), [['crm/eu', 'none']]);
  await add('crm/eu', 'full');
  await card.getByText(/will be stored as people write them/).waitFor();
  await accessible(page);
  assert.deepEqual(await ask(), [['crm/eu', 'none']]);
  await card.getByRole('button', { name: /^Yes, keep everything/ }).click();
  await card.getByRole('row', { name: /crm\/eu In full/ }).waitFor();
  assert.deepEqual(await ask(), [['crm/eu', 'full']]);
  await wholeInBothShapes(page);
  await card.getByRole('button', { name: 'As for all: crm/eu' }).click();
  await card.getByRole('row', { name: /crm\/eu/ }).waitFor({ state: 'detached' });
  assert.deepEqual(await ask(), []);
  await page.goto(`${server.address}/settings?section=audit`);
  await page.getByRole('cell', { name: 'text_mode.set_source' }).first().waitFor();
});

inPage('new versions of bots stand on charts until they are hidden', {}, async (page) => {
  const { releases } = await server.ask('/api/v1/releases?last=28d&time_zone=Europe/Berlin');
  assert.ok(releases.length > 0, 'the demo has new versions');
  const [first] = releases;
  await page.goto(`${server.address}/outcomes`);
  await settled(page);
  const chart = page.getByRole('region', { name: 'Sessions by outcome' });
  await chart.getByText(first.text).waitFor();
  await accessible(page);
  await page.goto(`${server.address}/settings?section=annotations`);
  const card = page.getByRole('region', { name: 'New versions of bots' });
  await card.getByText(first.text).waitFor();
  await wholeInBothShapes(page);
  await card.getByRole('checkbox').uncheck();
  await card.getByText(first.text).waitFor({ state: 'detached' });
  await page.goto(`${server.address}/outcomes`);
  await settled(page);
  assert.equal(await page.getByText(first.text).count(), 0);
  await page.goto(`${server.address}/settings?section=annotations`);
  await card.getByRole('checkbox').check();
  await card.getByText(first.text).waitFor();
});
