/** A number in a table: its value and change; it opens its definition and the sessions behind it. */
import { useMay } from '../api/access';
import type { Definition, MetricValue } from '../api/client';
import { reasonOf } from '../api/named';
import { inUnit, whole } from '../format/format';
import { usePreferences } from '../shell/preferences';
import { useView } from '../view/use-view';
import { basisOf, changeOf } from './Metric';
import { useNumberDialog } from './number-dialog';
import { useQuestion } from './question';
import { QuickLink } from './QuickLink';

export function Value(props: {
  value: MetricValue | undefined;
  definition: Pick<Definition, 'id' | 'name' | 'unit' | 'evidence' | 'text'>;
  /** Undefined where no filter says which sessions it counts: those of all other groups. */
  filters: string[] | undefined;
  /** The row that it stands in, where the answer is one to a question for numbers. */
  row?: { dimensions: Record<string, string | null>; other?: boolean } | undefined;
}) {
  const { texts, locale } = usePreferences();
  const { open } = useNumberDialog();
  const question = useQuestion();
  const { value, definition, filters, row } = props;
  if (value === undefined) return <span className="soft">{texts.number.noData}</span>;
  const change = changeOf(texts, locale, value, definition);
  const isThere = typeof value.value === 'number';
  const text = isThere ? inUnit(locale, value.value ?? 0, definition.unit) : <span className="soft">{texts.number.noData}</span>;
  return (
    <>
      {filters === undefined && (question === undefined || row === undefined) ? (
        text
      ) : (
        <button type="button" className="cell" aria-haspopup="dialog" title={reasonOf(texts, value.reason) ?? basisOf(texts, locale, value, definition)} onClick={() => open({ definition, value, filters, row, question: row === undefined ? undefined : question })}>
          {text}
        </button>
      )}
      {change !== null && change.short !== '' && (
        <small className={change.kind} title={change.text}>
          {change.short}
        </small>
      )}
    </>
  );
}

/** A count with its share, that leads to the sessions which a filter lists. */
export function Part(props: { count: number; share?: MetricValue; filter: string | null | undefined }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const maySessions = useMay('sessions');
  const { share, filter } = props;
  const count = whole(locale, props.count);
  return (
    <>
      {typeof filter === 'string' && maySessions ? (
        <QuickLink to="/conversations" search={{ filter: [...view.filter, filter] }}>
          {count}
        </QuickLink>
      ) : (
        count
      )}
      {typeof share?.value === 'number' && <small title={basisOf(texts, locale, share, { unit: 'share' })}>{inUnit(locale, share.value, 'share')}</small>}
    </>
  );
}

/** A share with what it rests on; it has no definition of its own. */
export function Share({ value }: { value: MetricValue }) {
  const { texts, locale } = usePreferences();
  if (typeof value.value !== 'number') return <span className="soft" title={reasonOf(texts, value.reason)}>{texts.number.noData}</span>;
  const [low, high] = value.interval ?? [];
  return (
    <>
      {inUnit(locale, value.value, 'share')}
      <small>
        {low !== undefined && high !== undefined ? `${inUnit(locale, low, 'share')} – ${inUnit(locale, high, 'share')} · ` : ''}
        {texts.number.n(whole(locale, value.n))}
      </small>
    </>
  );
}

/** The same share in the range that is compared with. */
export function Before({ value }: { value: MetricValue | undefined }) {
  const { texts, locale } = usePreferences();
  if (typeof value?.value !== 'number') return null;
  return <small>{texts.number.before(inUnit(locale, value.value, 'share'))}</small>;
}
