/** Filters that choose the sessions behind a number. */
import type { Schemas } from '../api/client';
import { is } from '../view/view';

const TIME = /^(minute|quarter_hour|hour|day|week|month|quarter|year)$/;

/** The filters that choose the sessions of a row. Steps of time are left to the range. */
export function filtersOfRow(dimensions: string[], row: Schemas['Row'], listed: ReadonlySet<string>): string[] {
  const condition = (dimension: string) => {
    const value = row.dimensions[dimension] ?? null;
    return listed.has(dimension) && value !== null ? is(dimension, value).replace(' = ', ' has ') : is(dimension, value);
  };
  const of = (rows: 'message' | 'step') => {
    const conditions = dimensions.filter((dimension) => dimension.startsWith(`${rows}.`)).map(condition);
    return conditions.length === 0 ? [] : [`any ${rows} (${conditions.join(' and ')})`];
  };
  const sessions = dimensions.filter((dimension) => !TIME.test(dimension) && !dimension.includes('.')).map(condition);
  const attributes = dimensions.filter((dimension) => dimension.startsWith('attribute.')).map(condition);
  return [...sessions, ...attributes, ...of('message'), ...of('step')];
}

/** What is in the brackets of `any step (…)` or `any message (…)`, where the filter is just that. */
function rowsOf(filter: string): { rows: 'message' | 'step'; condition: string | undefined } | null {
  const found = /^any (message|step)(?: \((.*)\))?$/s.exec(filter);
  if (found !== null) {
    let open = 0;
    const brackets = (found[2] ?? '').replace(/"[^"]*"|'[^']*'/g, '').replace(/[^()]/g, '');
    const isWhole = [...brackets].every((bracket) => (open += bracket === '(' ? 1 : -1) >= 0);
    return isWhole ? { rows: found[1] as 'message' | 'step', condition: found[2] } : null;
  }
  const plain = /^(message|step)\./.exec(filter);
  return plain === null ? null : { rows: plain[1] as 'message' | 'step', condition: filter };
}

/**
 * The filters of a question and a row and the evidence of a number together, as filters of sessions: all that asks for a
 * message or step asks for the same one.
 */
export function behind(filters: string[], evidence: string): string[] {
  const sessions: string[] = [];
  const same = new Map<'message' | 'step', string[]>();
  for (const filter of evidence === '' ? filters : [...filters, evidence]) {
    const of = rowsOf(filter);
    if (of === null) sessions.push(filter);
    else same.set(of.rows, [...(same.get(of.rows) ?? []), ...(of.condition === undefined ? [] : [of.condition])]);
  }
  for (const [rows, conditions] of same) {
    sessions.push(conditions.length === 0 ? `any ${rows}` : `any ${rows} (${conditions.map((one) => `(${one})`).join(' and ')})`);
  }
  return sessions;
}
