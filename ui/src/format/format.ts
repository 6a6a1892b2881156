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

/** A length of time in its two largest units: `1h 5m`, `2.4s`, `320ms`. */
export function seconds(language: string, value: number): string {
  const unit = (amount: number, name: string, digits = 0): string =>
    number(language, { style: 'unit', unit: name, unitDisplay: 'narrow', maximumFractionDigits: digits }).format(amount);
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

/** Words that are letters: they are written in capitals. */
const LETTERS = /\b(csat|nps|url|ip|utm)\b/g;

/** A word of the server for people: `user_requested` becomes «User requested», `csat_score` «CSAT score». */
export function word(text: string): string {
  const spaced = text.replaceAll('_', ' ').replace(LETTERS, (letters) => letters.toUpperCase());
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
