/** What would come of a file, or came of it: what comes in, what does not and why. */
import type { Imported } from '../../api/import';
import { instant, whole, word } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';

const COUNTS = ['records', 'events', 'conversations', 'new', 'known', 'rejected'] as const;
/** How many rejections are listed. */
const MOST = 50;

export function ImportResult({ result, import: take }: { result: Imported; import: (() => void) | undefined }) {
  const { texts, locale } = usePreferences();
  const words = usePart('start').data;
  const view = useView();
  const lines = (of: Record<string, number>) =>
    Object.entries(of)
      .sort(([, left], [, right]) => right - left)
      .map(([name, count]) => `${name === '' ? texts.bar.nothingSaid : word(name)} ${whole(locale, count)}`)
      .join(' · ');
  return (
    <div className="stack" aria-live="polite">
      <h3>
        {result.dry_run ? words.would : words.did}
        <span className="soft small search-hint">{words.found(result.name, result.format)}</span>
      </h3>
      {result.format === 'unknown' && <p className="bad">{words.unknown}</p>}
      <dl className="counts">
        {COUNTS.map((one) => (
          <div key={one}>
            <dt className="soft small">{words.counts[one]}</dt>
            <dd className={one === 'rejected' && result.rejected > 0 ? 'bad' : undefined}>{whole(locale, result[one])}</dd>
          </div>
        ))}
      </dl>
      {result.first_time != null && result.last_time != null && <p className="soft">{words.span(instant(locale, view.zone, result.first_time), instant(locale, view.zone, result.last_time))}</p>}
      <dl className="facts small">
        {Object.keys(result.bots).length > 0 && (
          <>
            <dt>{words.bots}</dt>
            <dd>{lines(result.bots)}</dd>
          </>
        )}
        {Object.keys(result.event_types).length > 0 && (
          <>
            <dt>{words.types}</dt>
            <dd>{lines(result.event_types)}</dd>
          </>
        )}
      </dl>
      {result.rejections.length > 0 && <Rejections result={result} />}
      {result.dry_run && result.first_events.length > 0 && (
        <details>
          <summary>{words.first}</summary>
          {/* Long lines scroll, from the keyboard too. */}
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
          <pre className="bounded" tabIndex={0} aria-label={words.first}>
            {result.first_events.map((event) => JSON.stringify(event, null, 2)).join('\n')}
          </pre>
        </details>
      )}
      {result.dry_run ? (
        result.new > 0 ? (
          <div>
            <button type="button" className="button main" onClick={take}>
              {words.import(whole(locale, result.new))}
            </button>
          </div>
        ) : (
          result.format !== 'unknown' && <p className="soft">{words.nothingNew}</p>
        )
      ) : (
        <p className="good" role="status">
          {words.done}
        </p>
      )}
    </div>
  );
}

function Rejections({ result }: { result: Imported }) {
  const { locale } = usePreferences();
  const words = usePart('start').data;
  const shown = result.rejections.slice(0, MOST);
  return (
    <div>
      <h3>{words.notIn}</h3>
      {/* A region that scrolls is reached from the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="bounded" style={{ maxHeight: 280 }} tabIndex={0} role="group" aria-label={words.notIn}>
        <table>
          <thead>
            <tr>
              <th scope="col" className="amount">{words.record}</th>
              <th scope="col">{words.reason}</th>
              <th scope="col">{words.cure}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((one, place) => (
              <tr key={`${one.record} ${place}`}>
                <th scope="row" className="amount">{whole(locale, one.record)}</th>
                <td className="breaks">
                  {one.field != null && <span className="mono">{one.field}: </span>}
                  {one.reason}
                </td>
                <td className="soft breaks">{one.cure}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {result.rejected > shown.length && <p className="soft small">{words.moreRejected(whole(locale, result.rejected - shown.length))}</p>}
    </div>
  );
}
