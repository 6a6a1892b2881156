// Writes the pictures of docs/web-app.md: each page, light and dark, on demo data. `npm run screenshots`
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { launch, open, settled } from './browser.mjs';
import { serve } from './server.mjs';

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
mkdirSync(folder, { recursive: true });
const [browser, server] = await Promise.all([launch(), serve({ demo: true })]);
try {
  const { sessions } = await server.ask('/api/v1/sessions?filter=escalated%20and%20csat_score%20is%20not%20null&limit=1');
  const pages = { today: '/', outcomes: '/outcomes', conversations: '/conversations', session: `/conversations/${sessions[0].session_id}`, explore: '/explore?metric=sessions&by=channel&grain=day&show=stack', topics: '/topics', flows: '/topics?part=flows', audience: '/audience', handover: '/handover', improve: '/improve', models: '/ai' };
  for (const [name, path] of Object.entries(pages)) {
    for (const scheme of ['light', 'dark']) {
      const { page, close } = await open(browser, { scheme, width: 1280, height: 860 });
      await page.goto(server.address + path);
      await settled(page);
      await page.evaluate(() => document.fonts.ready);
      await page.waitForTimeout(400);
      await page.screenshot({ path: `${folder}${name}-${scheme}.png` });
      await close();
    }
  }
} finally {
  await browser.close();
  await server.stop();
}
