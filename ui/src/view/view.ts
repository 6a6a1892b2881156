/**
 * What every page looks at: range, comparison, traffic, filters, zone. All of it is in the address, so
 * that every view is a link; what is not said in the address has the values of `DEFAULTS`.
 */
import type { Query, Schemas } from '../api/client';

export type Compare = 'previous' | 'year' | 'year_by_weekday' | 'none';
export type Environment = Schemas['EnvironmentChoice'];

export interface View {
  /** `28d`, `4w`, `3mo`, `2026-03-01..2026-03-31`, or `all`. */
  range: string;
  compare: Compare;
  environment: Environment;
  /** Filters in the server's language; a session must pass all of them. */
  filter: string[];
  /** The bot, where only one is looked at. */
  bot?: string;
  /** An IANA name. */
  zone: string;
  workspace?: string;
}

/** What an address may hold; a page adds its own. */
export type ViewSearch = Partial<View>;

/** The names in the address that go with the reader from page to page. */
export const KEPT = ['range', 'compare', 'environment', 'filter', 'bot', 'zone', 'workspace'] as const;

export const BROWSER_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

const DEFAULTS: View = {
  range: '28d',
  compare: 'previous',
  environment: 'production',
  filter: [],
  zone: BROWSER_ZONE,
};

const COMPARES: readonly string[] = ['previous', 'year', 'year_by_weekday', 'none'] satisfies Compare[];

function isCompare(text: string): text is Compare {
  return COMPARES.includes(text);
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Whether a range can be asked for. */
export function isRange(text: string): boolean {
  const [from, to, more] = text.split('..');
  if (more === undefined && from !== undefined && to !== undefined) {
    return DAY.test(from) && DAY.test(to) && from <= to;
  }
  return text === 'all' || /^[1-9]\d{0,3}(min|h|d|w|mo|q|y)$/.test(text);
}

/** Zones that were tried: an address is read for every link of a page, and to try a zone takes its time. */
const zones = new Map<string, boolean>();

function isZone(zone: string): boolean {
  const known = zones.get(zone);
  if (known !== undefined) return known;
  let isOne = true;
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    isOne = false;
  }
  zones.set(zone, isOne);
  return isOne;
}

function one(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' && first !== '' ? first : undefined;
}

/** Reads an address; what cannot be meant is left out. */
export function readView(search: Record<string, unknown>): ViewSearch {
  const found: ViewSearch = {};
  const [range, compare, environment] = [one(search.range), one(search.compare), one(search.environment)];
  const [bot, zone, workspace] = [one(search.bot), one(search.zone), one(search.workspace)];
  const filter = [search.filter].flat().filter((text): text is string => typeof text === 'string' && text !== '');
  if (range !== undefined && isRange(range)) found.range = range;
  if (compare !== undefined && isCompare(compare)) found.compare = compare;
  if (environment === 'production' || environment === 'test' || environment === 'all') found.environment = environment;
  if (filter.length > 0) found.filter = filter;
  if (bot !== undefined) found.bot = bot;
  if (zone !== undefined && isZone(zone)) found.zone = zone;
  if (workspace !== undefined) found.workspace = workspace;
  return found;
}

/** The whole view of an address. */
export function viewOf(search: ViewSearch): View {
  return { ...DEFAULTS, ...search };
}

/** What changes of a view; undefined takes it out of the address. */
export type ViewChange = { [Name in keyof View]?: View[Name] | undefined };

export function changed(view: View, change: ViewChange): View {
  const said = Object.entries({ ...view, ...change }).filter(([, value]) => value !== undefined);
  return viewOf(Object.fromEntries(said) as ViewSearch);
}

/** Whether a page asks the same afterwards, of other sessions: of another range it asks with other steps of time. */
export function keepsQuestions(change: ViewChange): boolean {
  return Object.keys(change).every((name) => name === 'environment' || name === 'bot' || name === 'filter');
}

/** All that there is in the workspace of a view. */
export function everythingOf(view: View): View {
  const all: View = { range: 'all', environment: 'all', compare: 'none', filter: [], zone: view.zone };
  return view.workspace === undefined ? all : { ...all, workspace: view.workspace };
}

/** A value as the filter language spells it. */
export function quoted(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

/** A condition that a field has a value; null is what was not said. */
export function is(field: string, value: string | null): string {
  return value === null ? `${field} is null` : `${field} = ${quoted(value)}`;
}

export function rangeSpec(range: string): Schemas['RangeSpec'] {
  if (range === 'all') return {};
  const [from, to] = range.split('..');
  return from !== undefined && to !== undefined ? { from, to } : { last: range };
}

/** All filters of a view. */
export function filtersOf(view: View): string[] {
  return view.bot === undefined ? view.filter : [is('bot', view.bot), ...view.filter];
}

/** A question within a view. A range without beginning has nothing before it to compare with. */
export function asked(view: View, question: Partial<Query> & { metrics: string[] }): Query {
  const { filters = [], ...rest } = question;
  const compares = view.compare !== 'none' && view.range !== 'all';
  return {
    range: rangeSpec(view.range),
    time_zone: view.zone,
    environment: view.environment,
    ...(compares && { compare: view.compare }),
    filters: [...filtersOf(view), ...filters],
    ...rest,
  };
}

/** Into which steps a range is cut so that a chart has some tens of them. */
export function grainOf(view: View): Schemas['Grain'] {
  const match = /^(\d+)(min|h|d|w|mo|q|y)$/.exec(view.range);
  if (match === null) {
    const [from, to] = view.range.split('..');
    if (from === undefined || to === undefined) return 'month';
    return grainOfDays((Date.parse(to) - Date.parse(from)) / 86_400_000 + 1);
  }
  const days: Record<string, number> = { min: 1 / 1440, h: 1 / 24, d: 1, w: 7, mo: 30, q: 91, y: 365 };
  return grainOfDays(Number(match[1]) * (days[match[2] ?? 'd'] ?? 1));
}

function grainOfDays(days: number): Schemas['Grain'] {
  if (days <= 0.1) return 'minute';
  if (days <= 3) return 'hour';
  if (days <= 62) return 'day';
  return days <= 400 ? 'week' : 'month';
}
