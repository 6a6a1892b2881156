/** Numbers, lengths of time and dates as the reader's language writes them. */
import type { Unit } from '../api/client';

const kept = new Map<string, unknown>();

/** Formats are costly to make and the same everywhere. */
function once<T>(key: string, make: () => T): T {
  const found = kept.get(key) as T | undefined;
  if (found !== undefined) return found;
  const made = make();
  kept.set(key, made);
  return made;
}

function number(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return once(`n ${language} ${JSON.stringify(options)}`, () => new Intl.NumberFormat(language, options));
}

/** The signs of units of time, for languages whose words are long. */
const SIGNS: Record<string, string> = { day: 'd', hour: 'h', minute: 'min', second: 's', millisecond: 'ms' };

/** A length of time in its two largest units: `1h 5m`, `2.4s`, `320ms`; `1 h 5 min` where words would be long. */
export function seconds(language: string, value: number): string {
  const unit = (amount: number, name: string, digits = 0): string =>
    language.startsWith('en')
      ? number(language, { style: 'unit', unit: name, unitDisplay: 'narrow', maximumFractionDigits: digits }).format(amount)
      : `${number(language, { maximumFractionDigits: digits }).format(amount)}\u00a0${SIGNS[name] ?? name}`;
  const size = Math.abs(value);
  if (size < 1) return unit(Math.round(value * 1000), 'millisecond');
  if (size < 60) return unit(value, 'second', size < 10 ? 1 : 0);
  const whole = Math.round(value);
  const parts: [number, string][] = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ];
  const first = parts.findIndex(([length]) => Math.abs(whole) >= length);
  const [length, name] = parts[first] ?? [1, 'second'];
  const [lesser, lesserName] = parts[first + 1] ?? [1, 'second'];
  const large = Math.trunc(whole / length);
  const small = Math.trunc((whole - large * length) / lesser);
  return small === 0 || first < 0 ? unit(large, name) : `${unit(large, name)} ${unit(small, lesserName)}`;
}

/** A value in the unit of its metric. */
export function inUnit(language: string, value: number, unit: Unit): string {
  switch (unit) {
    case 'share':
      return number(language, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);
    case 'seconds':
      return seconds(language, value);
    case 'dollars': {
      const digits = Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 0.1 || value === 0 ? 2 : 4;
      const options = { style: 'currency', currency: 'USD', minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
      return number(language, options).format(value);
    }
    case 'score':
      return number(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
    case 'points':
      return number(language, { maximumFractionDigits: 0, signDisplay: 'exceptZero' }).format(value);
    default:
      return number(language, { maximumFractionDigits: Number.isInteger(value) ? 0 : 2 }).format(value);
  }
}

/** The same with few characters, for axes. */
export function short(language: string, value: number, unit: Unit): string {
  if (unit === 'share') return number(language, { style: 'percent', maximumFractionDigits: 1 }).format(value);
  if (unit === 'seconds') return seconds(language, value);
  const compact = { notation: 'compact', maximumFractionDigits: 1 } as const;
  // Fractions of a dollar need their digits, or all marks of an axis read the same.
  if (unit === 'dollars' && Math.abs(value) < 1) return number(language, { maximumSignificantDigits: 2, style: 'currency', currency: 'USD' }).format(value);
  if (unit === 'dollars') return number(language, { ...compact, style: 'currency', currency: 'USD' }).format(value);
  return number(language, compact).format(value);
}

export function whole(language: string, value: number): string {
  return number(language, { maximumFractionDigits: 0 }).format(value);
}

export function percent(language: string, value: number, digits = 1): string {
  return number(language, { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** A change with its sign. */
export function signed(language: string, value: number, digits = 1): string {
  return number(language, { signDisplay: 'exceptZero', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function signedPercent(language: string, value: number): string {
  return number(language, { style: 'percent', signDisplay: 'exceptZero', maximumFractionDigits: 1 }).format(value);
}

function date(language: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `d ${language} ${zone} ${JSON.stringify(options)}`;
  return once(key, () => new Intl.DateTimeFormat(language, { ...options, timeZone: zone }));
}

/** An instant with its day. */
export function instant(language: string, zone: string, time: string): string {
  return date(language, zone, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time));
}

/** The same in few letters: without the year where it is this one, else in figures. */
export function moment(language: string, zone: string, time: string): string {
  const at = new Date(time);
  const year = date(language, zone, { year: 'numeric' });
  if (year.format(at) !== year.format(Date.now())) return date(language, zone, { dateStyle: 'short', timeStyle: 'short' }).format(at);
  return date(language, zone, { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }).format(at);
}

/** The first and last day of a range, which the address writes as `2026-02-15..2026-03-31`. */
export function days(language: string, from: string, to: string): string {
  return date(language, 'UTC', { day: 'numeric', month: 'short', year: 'numeric' }).formatRange(Date.parse(from), Date.parse(to));
}

/** Letters of a length of time in the address, and how many of which unit each is. */
const LENGTHS: Record<string, [number, string]> = { min: [1, 'minute'], h: [1, 'hour'], d: [1, 'day'], w: [1, 'week'], mo: [1, 'month'], q: [3, 'month'], y: [1, 'year'] };

/** A length of time as the address writes it, `12d`, in words: `12 days`. */
export function lasting(language: string, text: string): string {
  const [, amount, letters = ''] = /^(\d+)(\D+)$/.exec(text) ?? [];
  const [times, unit] = LENGTHS[letters] ?? [];
  if (times === undefined || unit === undefined) return text;
  return number(language, { style: 'unit', unit, unitDisplay: 'long' }).format(Number(amount) * times);
}

/** The time of the day, to the second. */
export function clock(language: string, zone: string, time: string | number): string {
  return date(language, zone, { timeStyle: 'medium' }).format(new Date(time));
}

export function day(language: string, zone: string, time: string): string {
  return date(language, zone, { dateStyle: 'medium' }).format(new Date(time));
}

/** A step of a time axis as the server names it: `2026-03-02`, `2026-03-02T14:00+01:00`, `2026-03`. */
export function step(language: string, name: string): string {
  const parts = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2}))?)?)?/.exec(name);
  if (parts === null || /Q/.test(name)) return name;
  const [, year, month, dayOfMonth, hour, minute] = parts;
  if (month === undefined) return name;
  const time = Date.UTC(Number(year), Number(month) - 1, Number(dayOfMonth ?? 1), Number(hour ?? 0), Number(minute ?? 0));
  if (hour !== undefined) return date(language, 'UTC', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }).format(time);
  if (dayOfMonth !== undefined) return date(language, 'UTC', { day: 'numeric', month: 'short' }).format(time);
  return date(language, 'UTC', { month: 'short', year: 'numeric' }).format(time);
}

/** A country or language by its code, as the reader calls it; what is no code stays. */
export function named(language: string, kind: 'region' | 'language', code: string): string {
  if (!/^(?:[A-Z]{2}|[a-z]{2,3}(?:-[A-Za-z0-9]+)*)$/.test(code)) return code;
  const names = once(`names ${language} ${kind}`, () => new Intl.DisplayNames(language, { type: kind }));
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Words that are letters: they are written in capitals. */
const LETTERS = /\b(csat|nps|url|ip|utm)\b/g;

/** A word of the server for people: as a language says it, else written out: `user_requested` becomes «User requested», `csat_score` «CSAT score». */
export function word(text: string, said: Readonly<Record<string, string>> = {}): string {
  const known = said[text.replaceAll(' ', '_')];
  if (known !== undefined) return known;
  const spaced = text.replaceAll('_', ' ').replace(LETTERS, (letters) => letters.toUpperCase());
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
