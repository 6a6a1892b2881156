/** What other rules would change: the numbers before and after, the facts, some sessions. */
import { Link } from '@tanstack/react-router';

import type { Schemas } from '../../api/client';
import { instant, percent, whole, word } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';

const COUNTS = ['sessions', 'engagement_rate', 'resolution_rate', 'escalation_rate', 'abandon_rate', 'open'] as const;

export function Preview({ result }: { result: Schemas['PreviewResult'] }) {
  const { texts, locale } = usePreferences();
  const words = usePart('settings');
  const view = useView();
  const said = (counts: Schemas['SessionCounts'], one: (typeof COUNTS)[number]) => {
    const value = counts[one];
    if (typeof value !== 'number') return texts.number.noData;
    return one.endsWith('_rate') ? percent(locale, value) : whole(locale, value);
  };
  const changes = result.changed + result.gone + result.new;
  return (
    <div className="stack" aria-live="polite">
      <p>
        <strong>{changes === 0 ? words.profiles.nothing : words.profiles.changes(whole(locale, result.changed), whole(locale, result.gone), whole(locale, result.new))}</strong>{' '}
        {result.one_in > 1 && <span className="soft">{words.profiles.sampled(whole(locale, result.one_in))}</span>}
      </p>
      <div className="grid wide">
        <table>
          <thead>
            <tr>
              <td />
              <th scope="col" className="amount">{words.profiles.before}</th>
              <th scope="col" className="amount">{words.profiles.after}</th>
            </tr>
          </thead>
          <tbody>
            {COUNTS.map((one) => (
              <tr key={one}>
                <th scope="row">{words.profiles.counts[one]}</th>
                <td className="amount">{said(result.before, one)}</td>
                <td className="amount">{said(result.after, one)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {result.fields.length > 0 && (
          // A region that scrolls is reached from the keyboard.
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          <div className="bounded" style={{ maxHeight: 240 }} tabIndex={0} role="group" aria-label={words.profiles.fields}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{words.profiles.fields}</th>
                  <th scope="col" className="amount">{words.profiles.sessions}</th>
                </tr>
              </thead>
              <tbody>
                {result.fields.map((field) => (
                  <tr key={field.field}>
                    <th scope="row">{word(field.field)}</th>
                    <td className="amount">{whole(locale, field.sessions)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
      {result.sessions.length > 0 && (
        <details>
          <summary>{words.profiles.examples}</summary>
          <ul>
            {result.sessions.map((one) => (
              <li key={`${one.session_id} ${one.change}`} className="list-entry small">
                <span className="row">
                  {one.change === 'new' ? <span className="mono">{one.conversation_id}</span> : <Link to="/conversations/$id" params={{ id: one.session_id }}>{instant(locale, view.zone, one.start_time)}</Link>}
                  <span className="soft">{words.profiles.kinds[one.change]}</span>
                </span>
                {one.fields.map((field) => (
                  <span key={field.field} className="search-hint">
                    {word(field.field)}: <span className="mono">{field.before}</span> → <span className="mono">{field.after}</span>
                  </span>
                ))}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
