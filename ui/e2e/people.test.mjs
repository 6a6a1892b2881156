// Owner, sign-in, invitation, roles, keys and shared views in a browser, against a server of its own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { accessible, launch, open, settled, wholeInBothShapes } from './browser.mjs';
import { serve } from './server.mjs';

const OWNER = { name: 'Anna Example', email: 'anna@example.org', password: 'correct horse battery' };
const VIEWER = { name: 'Ben Example', email: 'ben@example.org', password: 'staple battery horse' };

let browser;
let server;

before(async () => {
  [browser, server] = await Promise.all([launch(), serve({ demo: true, ownerLink: true })]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A browser of somebody's own; refusals that are meant to be are not held against it. */
async function somebody(options) {
  const { page, wrong, close } = await open(browser, options);
  return { page, close, wrong: () => wrong.filter((one) => !/status of (401|403|404)/.test(one)) };
}

async function signIn(page, { email, password }) {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** The same page, narrow and dark, and then as it was. */
async function alsoNarrow(page) {
  await wholeInBothShapes(page, async () => {});
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 900 });
}

test('people: the first owner, a wrong password, an invitation, what a viewer is offered', async () => {
  const anna = await somebody();
  const ben = await somebody();
  try {
    const link = await server.said(/http:\/\/\S+\/welcome#\S+/);
    await anna.page.goto(link.replace(/^http:\/\/[^/]+/, server.address));
    await anna.page.getByRole('heading', { name: 'Welcome to Upshot' }).waitFor();
    assert.equal(await anna.page.evaluate(() => location.hash), '', 'the secret has left the address');
    await alsoNarrow(anna.page);
    await anna.page.getByLabel('What you are called').fill(OWNER.name);
    await anna.page.getByLabel('E-mail').fill(OWNER.email);
    await anna.page.getByLabel('Password').fill(OWNER.password);
    await anna.page.getByRole('button', { name: 'Go on' }).click();
    await anna.page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
    await settled(anna.page);
    await anna.page.getByRole('button', { name: OWNER.name }).waitFor();

    // From now on everybody signs in, at the address to which they came.
    await ben.page.goto(`${server.address}/audience?range=90d`);
    await ben.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await alsoNarrow(ben.page);
    await signIn(ben.page, { ...OWNER, password: 'not the password' });
    await ben.page.getByRole('alert').getByText('The address or the password is wrong.').waitFor();

    await anna.page.goto(`${server.address}/settings?section=people`);
    await anna.page.getByRole('rowheader', { name: OWNER.name }).waitFor();
    await anna.page.getByLabel('E-mail').fill(VIEWER.email);
    await anna.page.getByRole('button', { name: 'Invite somebody' }).click();
    const invitation = await anna.page.locator('.copyable pre').innerText();
    await alsoNarrow(anna.page);

    await ben.page.goto(invitation);
    await ben.page.getByText(`${VIEWER.email} was invited as viewer.`).waitFor();
    await ben.page.getByLabel('What you are called').fill(VIEWER.name);
    await ben.page.getByLabel('Password').fill(VIEWER.password);
    await ben.page.getByRole('button', { name: 'Go on' }).click();
    await ben.page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
    await settled(ben.page);
    // A viewer reads numbers and facts, not what was said, and changes nothing.
    await ben.page.goto(`${server.address}/settings`);
    await ben.page.getByText('Your role may look at this, not change it.').waitFor();
    assert.equal(await ben.page.getByRole('link', { name: 'People and roles' }).count(), 0);
    assert.equal(await ben.page.getByRole('link', { name: 'Audit' }).count(), 0);
    await ben.page.goto(`${server.address}/conversations`);
    await settled(ben.page);
    await ben.page.locator('.list-line').first().waitFor();
    assert.equal(await ben.page.locator('.list-line a').count(), 0);
    await ben.page.goto(`${server.address}/improve`);
    await settled(ben.page);
    assert.equal(await ben.page.getByRole('region', { name: 'What was not understood' }).count(), 0);
    assert.equal(await ben.page.locator('[role="alert"]').count(), 0);

    // Out, and in again by the password.
    await ben.page.getByRole('button', { name: VIEWER.name }).click();
    await ben.page.getByRole('button', { name: 'Sign out' }).click();
    await ben.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await signIn(ben.page, VIEWER);
    await ben.page.getByRole('heading', { level: 1, name: 'Improve' }).waitFor();

    // Another name, another role.
    await anna.page.goto(`${server.address}/settings?section=people`);
    await anna.page.getByLabel(`Role: ${VIEWER.name}`).selectOption('analyst');
    await anna.page.waitForTimeout(300);
    await ben.page.reload();
    await ben.page.getByRole('region', { name: 'What was not understood' }).waitFor();
    await anna.page.goto(`${server.address}/settings?section=audit`);
    for (const action of ['person.invite', 'person.role']) await anna.page.getByText(action, { exact: true }).first().waitFor();
    await alsoNarrow(anna.page);
    assert.deepEqual(anna.wrong(), []);
    assert.deepEqual(ben.wrong(), []);
  } finally {
    await anna.close();
    await ben.close();
  }
});

test('people: one’s own name; a key that sends and is revoked; a view that is shared and taken back', async () => {
  const anna = await somebody();
  const guest = await somebody();
  try {
    const { page } = anna;
    await page.goto(`${server.address}/settings?section=sources`);
    await signIn(page, OWNER);
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor();
    await page.getByRole('button', { name: OWNER.name }).click();
    await page.getByRole('button', { name: 'Name and password' }).click();
    const dialog = page.getByRole('dialog', { name: 'Name and password' });
    await accessible(page);
    await dialog.getByText(/sends no mail yet/).waitFor();
    await dialog.getByLabel('The week’s numbers by mail').check();
    await dialog.getByLabel('Name', { exact: true }).fill('Anna E.');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await dialog.getByText('Saved.').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Anna E.' }).click();
    await page.getByRole('button', { name: 'Name and password' }).click();
    assert.ok(await dialog.getByLabel('The week’s numbers by mail').isChecked());
    await dialog.getByRole('button', { name: 'Close' }).click();

    const keys = page.getByRole('region', { name: 'Keys', exact: true });
    await keys.getByLabel('Name').fill('Web shop');
    await keys.getByRole('button', { name: 'Make a key' }).click();
    const key = await keys.locator('.copyable pre').innerText();
    assert.match(key, /^upshot_/);
    const send = () =>
      fetch(`${server.address}/api/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ event_type: 'message', time: new Date().toISOString(), conversation_id: 'key-1', role: 'user', text: 'hello', channel: 'web' }),
      });
    assert.equal((await send()).status, 202);
    await keys.getByRole('button', { name: 'Revoke: Web shop' }).click();
    await keys.getByRole('button', { name: 'Remove it' }).click();
    await keys.getByRole('rowheader', { name: 'Web shop' }).waitFor({ state: 'detached' });
    assert.equal((await send()).status, 401);

    await page.goto(`${server.address}/explore?metric=sessions&by=channel&zone=UTC`);
    await settled(page);
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('For the board');
    await page.getByRole('dialog').getByRole('button', { name: 'Make a link' }).click();
    assert.equal(await page.getByText(/of your own/).count(), 0);
    const shared = await page.getByRole('dialog').locator('.copyable pre').innerText();
    await guest.page.goto(shared);
    await guest.page.getByRole('heading', { level: 1, name: 'Explore' }).waitFor();
    await settled(guest.page);
    assert.ok((await guest.page.locator('tbody tr').count()) > 2);
    assert.equal(await guest.page.getByRole('link', { name: 'Conversations' }).count(), 0);
    await accessible(guest.page);
    await page.goto(`${server.address}/explore?metric=sessions&by=attribute.plan&filter=attribute.tier%20%21%3D%20%22attribute.no%22&zone=UTC`);
    await settled(page);
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('dialog').getByText(/attributes of your own: plan, tier\. Whoever has the link reads the values/).waitFor();
    await accessible(page);
    await page.goto(`${server.address}/explore?metric=sessions&by=channel&filter=user%20%3D%20anna&zone=UTC`);
    await settled(page);
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Of Anna');
    await page.getByRole('dialog').getByRole('button', { name: 'Make a link' }).click();
    await page.getByRole('alert').getByText(/asks for ids of users/).waitFor();
    await accessible(page);
    await page.goto(`${server.address}/settings?section=shares`);
    await page.getByRole('button', { name: 'Revoke: For the board' }).click();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.getByText('No view is shared.').waitFor();
    await guest.page.reload();
    await guest.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    // The view that asked for somebody's id was refused.
    assert.deepEqual(anna.wrong().filter((one) => !one.includes('status of 400 ')), []);
    assert.deepEqual(guest.wrong(), []);
  } finally {
    await anna.close();
    await guest.close();
  }
});

test('a link that opens nothing says so', async () => {
  const { page, close } = await somebody();
  try {
    for (const path of ['/welcome#nothing', '/welcome', '/shared#nothing']) {
      await page.goto(`${server.address}${path}`);
      await page.getByRole('heading', { name: 'This link opens nothing' }).waitFor();
      await accessible(page);
      await page.goto('about:blank');
    }
  } finally {
    await close();
  }
});
