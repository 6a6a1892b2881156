// The settings in a browser, on demo data.
import assert from 'node:assert/strict';

import { accessible, fits, settled } from './browser.mjs';
import { inPage, number, server } from './demo.mjs';

const SECTIONS = { profiles: 'Profiles', sources: 'Keys', privacy: 'Privacy', people: 'People and roles', shares: 'Shared views', prices: 'Prices', audit: 'Audit' };

for (const [section, title] of Object.entries(SECTIONS)) {
  inPage(`settings, ${section}: whole and accessible`, {}, async (page) => {
    await page.goto(`${server.address}/settings?section=${section}`);
    await page.getByRole('region', { name: title, exact: true }).first().waitFor();
    await settled(page);
    assert.equal(await page.locator('[role="alert"]').count(), 0);
    await fits(page);
    await accessible(page);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 360, height: 800 });
    await settled(page);
    await fits(page);
    await accessible(page);
  });
}

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
