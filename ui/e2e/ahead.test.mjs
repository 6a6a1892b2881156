// What the pages ask before anybody chose anything is what the server asks ahead of a workspace where nobody asked yet.
// UPDATE_EXPECT=1 writes the list anew.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

import { settled } from './browser.mjs';
import { inPage, server } from './demo.mjs';

const LIST = new URL('../../crates/server/src/ahead/app_questions.json', import.meta.url);
const PAGES = ['/', '/outcomes', '/topics', '/topics?part=flows', '/topics?part=paths', '/topics?part=funnel', '/topics?part=clicks', '/audience', '/handover', '/improve', '/ai', '/conversations', '/explore'];
const KINDS = ['drivers', 'retention', 'paths', 'flows', 'funnel', 'lift', 'topics'];

/** The questions that a request asks, each with its kind. */
function asked(request) {
  const { pathname, searchParams } = new URL(request.url());
  const name = pathname.replace('/api/v1/', '');
  if (name === 'releases') {
    return [{ kind: name, question: { query: { range: Object.fromEntries(['from', 'to', 'last'].filter((end) => searchParams.has(end)).map((end) => [end, searchParams.get(end)])) } } }];
  }
  if (request.method() !== 'POST') return [];
  if (name === 'queries') return request.postDataJSON().queries.map((question) => ({ kind: 'query', question }));
  return KINDS.includes(name) ? [{ kind: name, question: request.postDataJSON() }] : [];
}

/** The question without what is this browser's, and without what changes nothing; nothing where it is of one day, or of names that the data has. */
function general({ kind, question }) {
  const range = (question.query ?? question).range;
  if (range.from !== undefined || range.to !== undefined) return [];
  // What stands in quotes comes from an answer.
  if ((question.filters ?? []).some((filter) => filter.includes('"'))) return [];
  const isSaid = ([name, value]) => name !== 'time_zone' && !(name === 'filters' && value.length === 0);
  return [{ kind, question: Object.fromEntries(Object.entries(question).filter(isSaid)) }];
}

inPage('what the pages ask at first is asked ahead', {}, async (page) => {
  const found = new Set();
  page.on('request', (request) => {
    for (const one of asked(request).flatMap(general)) found.add(JSON.stringify(one));
  });
  for (const path of PAGES) {
    await page.goto(server.address + path);
    await settled(page);
    await page.waitForTimeout(500);
    await settled(page);
  }
  const list = [...found].sort();
  if (process.env.UPDATE_EXPECT !== undefined) writeFileSync(LIST, `[\n${list.join(',\n')}\n]\n`);
  const known = JSON.parse(readFileSync(LIST, 'utf8')).map((one) => JSON.stringify(one));
  assert.deepEqual(list, known, 'run the browser tests with UPDATE_EXPECT=1 and build anew');
});
