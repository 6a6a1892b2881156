/** From answers to charts: nothing is computed, only put in rows. */
import type { QueryResult, Schemas } from '../api/client';
import { named, step, word } from '../format/format';
import type { Texts } from '../texts/en';
import type { ChartData, Series } from './Chart';

/** Stands for all values beyond the limit; no value holds such a character. */
const OTHERS = '\u0000others';

const TIME = new Set(['minute', 'quarter_hour', 'hour', 'day', 'week', 'month', 'quarter', 'year']);

/** The values of dimensions for people, and what stands for all beyond a limit. */
export interface Labels {
  of: (dimension: string, value: string | null) => string;
  others: string;
}

/** A value of a dimension in the words of the product. */
export function labelOf(texts: Texts, locale: string, dimension: string, value: string | null): string {
  // A user who is neither new nor returning is one who cannot be followed.
  // A session without an outcome is not over.
  if (value === null && dimension === 'outcome') return texts.outcomes.open;
  if (value === null) return dimension === 'user_kind' ? texts.audience.notFollowed : texts.bar.nothingSaid;
  if (TIME.has(dimension)) return step(locale, value);
  if (dimension === 'weekday') return texts.weekdays[value] ?? value;
  if (dimension === 'outcome' || dimension === 'reported_outcome') return texts.outcomes.outcome[value] ?? value;
  if (dimension === 'country') return named(locale, 'region', value);
  if (dimension === 'language' || dimension === 'message.language') return named(locale, 'language', value);
  // The server's own words; what people named stays as they wrote it.
  return /(_reason|_rule|closed_by|_kind|_trigger|_stage|engagement|served_by|end)$/.test(dimension) ? word(value, texts.words) : value;
}

/** Metrics over the steps of one dimension: a series each. */
export function seriesByMetric(labels: Labels, answer: QueryResult, ids?: string[]): ChartData {
  const dimension = answer.dimensions[0] ?? '';
  const metrics = ids ?? answer.metrics;
  const definitions = new Map(answer.definitions.map((definition) => [definition.id, definition]));
  const series = metrics.map<Series>((id) => ({
    id,
    name: definitions.get(id)?.name ?? id,
    unit: definitions.get(id)?.unit ?? 'sessions',
    values: answer.rows.map((row) => row.metrics[id]?.value ?? null),
    intervals: answer.rows.map((row) => {
      const [low, high] = row.metrics[id]?.interval ?? [];
      return low === undefined || high === undefined ? null : [low, high];
    }),
    pendingFrom: TIME.has(dimension) ? pendingFrom(answer, [id]) : undefined,
  }));
  return {
    steps: answer.rows.map((row) => (row.other === true && !TIME.has(dimension) ? labels.others : labels.of(dimension, row.dimensions[dimension] ?? null))),
    series,
    ...(TIME.has(dimension) && { times: answer.rows.map((row) => row.dimensions[dimension] ?? '') }),
    pendingFrom: TIME.has(dimension) ? pendingFrom(answer, metrics) : undefined,
    reason: reasonIn(answer, metrics),
  };
}

/** One metric over the steps of the first dimension, a series for each value of the second. */
export function seriesByValue(labels: Labels, answer: QueryResult, metric: string, order?: string[]): ChartData {
  const [first = '', second = ''] = answer.dimensions;
  const definition = answer.definitions.find((one) => one.id === metric);
  const steps = [...new Set(answer.rows.map((row) => row.dimensions[first] ?? null))];
  // The row of all others is one of its own, not what was not said.
  const valueOf = (row: Schemas['Row']) => (row.other === true ? OTHERS : (row.dimensions[second] ?? null));
  const found = [...new Set(answer.rows.map(valueOf))];
  const values = order === undefined ? found : [...order.filter((value) => found.includes(value)), ...found.filter((value) => !order.includes(value ?? ''))];
  const cells = new Map(answer.rows.map((row) => [JSON.stringify([row.dimensions[first] ?? null, valueOf(row)]), row.metrics[metric]]));
  const series = values.map<Series>((value) => ({
    id: value ?? '',
    name: value === OTHERS ? labels.others : labels.of(second, value),
    unit: definition?.unit ?? 'sessions',
    values: steps.map((one) => cells.get(JSON.stringify([one, value]))?.value ?? null),
  }));
  return {
    steps: steps.map((one) => labels.of(first, one)),
    series,
    ...(TIME.has(first) && { times: steps.map((one) => one ?? '') }),
    pendingFrom: TIME.has(first) && definition?.maturity !== 'none' ? pendingFrom(answer, [metric]) : undefined,
    reason: reasonIn(answer, [metric]),
  };
}

/** Why there is no value of one of these metrics. */
function reasonIn(answer: QueryResult, metrics: readonly string[]): string | undefined {
  return metrics.map((id) => answer.totals[id]?.reason).find((reason) => typeof reason === 'string');
}

/** From which row on sessions are not yet judged; only where that goes on until the end. */
function pendingFrom(answer: QueryResult, metrics: string[]): number | undefined {
  const judged = new Set(answer.definitions.filter((one) => one.maturity !== 'none').map((one) => one.id));
  const isPending = (position: number) =>
    metrics.some((id) => judged.has(id) && (answer.rows[position]?.metrics[id]?.pending ?? 0) > 0);
  let from = answer.rows.length;
  while (from > 0 && isPending(from - 1)) from -= 1;
  return from < answer.rows.length ? from : undefined;
}
