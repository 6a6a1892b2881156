// Writes the pictures of docs/web-app.md: each page, light and dark, on demo data. `npm run screenshots`
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { launch, open, settled } from './browser.mjs';
import { small } from './png.mjs';
import { serve } from './server.mjs';

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
mkdirSync(folder, { recursive: true });
const [browser, server, owned] = await Promise.all([launch(), serve({ demo: true, conversations: 20_000 }), serve({ ownerLink: true })]);
try {
  const { sessions } = await server.ask('/api/v1/sessions?filter=escalated%20and%20csat_score%20is%20not%20null&limit=1');
  const put = async (path, body) => {
    const answer = await fetch(server.address + path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  await put('/api/v1/segments/On%20the%20phone', { filter: 'channel in (whatsapp, voice, phone)' });
  await put('/api/v1/segments/On%20the%20web', { filter: 'channel = web', description: 'The widget on our pages' });
  await put('/api/v1/views/by-day', { title: 'Sessions by day', address: '/explore?metric=sessions&grain=day&show=line' });
  await put('/api/v1/views/by-channel', { title: 'Resolution by channel', address: '/explore?metric=resolution_rate&by=channel&show=bar' });
  await put('/api/v1/views/topics', { title: 'Topics', address: '/explore?metric=sessions&metric=resolution_rate&by=topic_name' });
  await put('/api/v1/boards/monday', { title: 'Monday meeting', views: ['by-day', 'by-channel', 'topics'] });
  const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  await server.ask('/api/v1/annotations', { time: daysAgo(12), text: 'Version 3.5 is out', kind: 'release' });
  await server.ask('/api/v1/annotations', { time: daysAgo(5), end: daysAgo(4), text: 'The order system was down', kind: 'incident' });
  const link = (await owned.said(/http:\/\/\S+\/welcome#\S+/)).replace(/^http:\/\/[^/]+/, owned.address);
  const { topics } = await server.ask('/api/v1/topics', { range: { last: '28d' } });
  const pages = {
    today: '/',
    outcomes: '/outcomes',
    topics: '/topics',
    flows: '/topics?part=flows',
    topic: `/topics/${encodeURIComponent(topics.find((one) => one.name === 'Order status')?.topic ?? topics[0].topic)}`,
    audience: '/audience',
    handover: '/handover',
    improve: '/improve',
    models: '/ai',
    conversations: '/conversations',
    session: `/conversations/${sessions[0].session_id}`,
    explore: '/explore?metric=sessions&by=topic_name&grain=day&show=stack',
    board: '/boards/monday',
    segments: '/segments?with=On%20the%20web&with=On%20the%20phone',
    glossary: '/glossary',
    ...Object.fromEntries(['bots', 'profiles', 'sources', 'privacy', 'people', 'mail', 'annotations', 'prices'].map((section) => [section, `/settings?section=${section}`])),
    workspace: '/settings',
    // On a server where nothing has come in yet.
    start: `${owned.address}/start`,
    import: `${owned.address}/start?step=data&platform=copilot-studio`,
    check: '/start?step=check',
    welcome: link,
  };
  // A part of the names that are wanted, where not all are.
  const only = process.argv[2];
  for (const [name, path] of Object.entries(pages)) {
    if (only !== undefined && !name.includes(only)) continue;
    for (const scheme of ['light', 'dark']) {
      const { page, close } = await open(browser, { scheme, width: 1280, height: 860 });
      await page.goto(path.startsWith('http') ? path : server.address + path);
      await settled(page);
      await page.getByText('Updating…').waitFor({ state: 'detached' });
      await page.evaluate(() => document.fonts.ready);
      await page.waitForTimeout(400);
      writeFileSync(`${folder}${name}-${scheme}.png`, small(await page.screenshot()));
      await close();
    }
  }
} finally {
  await browser.close();
  await server.stop();
  await owned.stop();
}
