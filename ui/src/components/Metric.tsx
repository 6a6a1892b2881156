/** One number with its change, what it rests on and its interval; it opens its definition and sessions. */
import { memo } from 'react';

import type { Definition, MetricValue } from '../api/client';
import { reasonOf } from '../api/named';
import { inUnit, signed, signedPercent, whole } from '../format/format';
import { usePreferences } from '../shell/preferences';
import type { Texts } from '../texts/en';
import { useNumberDialog } from './number-dialog';
import { useQuestion } from './question';

export interface Change {
  text: string;
  /** The same for the cell of a table: what is no news takes no words. */
  short: string;
  kind: 'better' | 'worse' | 'quiet';
}

/** A change in words, and whether it is good news. */
export function changeOf(
  texts: Texts,
  locale: string,
  value: MetricValue,
  definition: Pick<Definition, 'unit'>,
): Change | null {
  const compare = value.compare;
  if (compare === undefined || compare === null || compare.value === null || compare.value === undefined) return null;
  if (compare.verdict === 'no_data') return null;
  const by =
    definition.unit === 'share' && typeof compare.points === 'number'
      ? texts.number.points(signed(locale, compare.points))
      : typeof compare.relative === 'number'
        ? signedPercent(locale, compare.relative)
        : inUnit(locale, compare.value, definition.unit);
  switch (compare.verdict) {
    case 'better':
      return { text: `${by} · ${texts.number.better}`, short: `${by} · ${texts.number.better}`, kind: 'better' };
    case 'worse':
      return { text: `${by} · ${texts.number.worse}`, short: `${by} · ${texts.number.worse}`, kind: 'worse' };
    case 'changed':
      return { text: `${by} · ${texts.number.changed}`, short: by, kind: 'quiet' };
    case 'noise':
      return { text: `${by} · ${texts.number.noise}`, short: texts.number.noise, kind: 'quiet' };
    default:
      // Of some numbers, as the share of the top tenth of users, nobody knows how far they vary by chance, however many there are.
      return { text: isMany(value) ? `${by} · ${texts.number.untested}` : texts.number.tooFew, short: '', kind: 'quiet' };
  }
}

/** From so many observations on a change is not untested because there were too few. */
const MANY = 1000;

function isMany(value: MetricValue): boolean {
  return value.n >= MANY && (value.interval === undefined || value.interval === null);
}

/** What a value rests on, in one line. */
export function basisOf(texts: Texts, locale: string, value: MetricValue, definition: Pick<Definition, 'unit'>): string {
  const parts: string[] = [];
  if (value.n > 0 && value.n !== value.value) parts.push(texts.number.n(whole(locale, value.n)));
  const [low, high] = value.interval ?? [];
  if (low !== undefined && high !== undefined) {
    parts.push(texts.number.interval(inUnit(locale, low, definition.unit), inUnit(locale, high, definition.unit)));
  }
  return parts.join(' · ');
}

export const Metric = memo(function Metric(props: {
  value: MetricValue | undefined;
  definition: Definition;
  name?: string;
  large?: boolean;
  /** Filters of the row that the number stands in, for its sessions. */
  filters?: string[];
  basis?: boolean;
}) {
  const { texts, locale } = usePreferences();
  const { open } = useNumberDialog();
  const question = useQuestion();
  const { value, definition } = props;
  const name = props.name ?? definition.name;
  const change = value === undefined ? null : changeOf(texts, locale, value, definition);
  const amount = value?.value;
  const isThere = typeof amount === 'number';
  return (
    <button
      type="button"
      className={props.large === true ? 'number large' : 'number'}
      aria-haspopup="dialog"
      onClick={() => open({ definition, value, filters: props.filters ?? [], question })}
    >
      <span className="number-name">{name}</span>
      <span className={isThere ? 'number-value' : 'number-value none'} title={reasonOf(texts, value?.reason)}>
        {isThere ? inUnit(locale, amount, definition.unit) : texts.number.noData}
      </span>
      <span className={`number-change ${change?.kind ?? ''}`}>{change?.text ?? (isThere ? '' : reasonOf(texts, value?.reason))}</span>
      {props.basis !== false && value !== undefined && (
        <span className="number-small">
          {[basisOf(texts, locale, value, definition), isThere && value.pending > 0 && definition.maturity !== 'none' && texts.number.pending(whole(locale, value.pending))].filter(Boolean).join(' · ')}
        </span>
      )}
    </button>
  );
});
