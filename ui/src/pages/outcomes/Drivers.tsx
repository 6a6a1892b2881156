/** What drives an outcome: impacts around zero with their intervals. */
import { useNavigate, useSearch } from '@tanstack/react-router';

import type { Schemas } from '../../api/client';
import { reasonOf } from '../../api/named';
import { useDimensions, useDrivers } from '../../api/questions';
import { Impact } from '../../components/Impact';
import { QuickLink } from '../../components/QuickLink';
import { Answered, Empty } from '../../components/States';
import { useLabels } from '../../components/use-labels';
import { useNames } from '../../components/use-names';
import { inUnit, percent, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { is, quoted, type View } from '../../view/view';

const OUTCOMES: Schemas['DrivenOutcome'][] = ['resolution', 'escalation', 'abandon', 'csat'];

export function Drivers({ view }: { view: View }) {
  const labels = useLabels();
  const { texts, locale } = usePreferences();
  const { names, listed } = useNames();
  const navigate = useNavigate();
  const search = useSearch({ from: '/outcomes', select: ({ of, by }) => ({ of, by }), structuralSharing: true });
  const dimensions = useDimensions();
  const of = OUTCOMES.find((one) => one === search.of) ?? 'resolution';
  const by = search.by ?? 'topic';
  const drivers = useDrivers(view, { outcome: of, by, limit: 25 });
  const change = (to: { of?: string; by?: string }) => void navigate({ to: '/outcomes', search: { ...(search.of !== undefined && { of: search.of }), ...(search.by !== undefined && { by: search.by }), ...to }, resetScroll: false });
  // What cuts sessions and is not time.
  const offered = (dimensions.data?.dimensions ?? []).filter((one) => !/^(message|step|user)\.|^(minute|quarter_hour|hour|day|week|month|quarter|year|environment)$/.test(one.id));
  const isShare = of !== 'csat';
  return (
    <section className="card" aria-label={texts.outcomes.drivers}>
      <header className="row">
        <div>
          <h2>{texts.outcomes.drivers}</h2>
          <p className="soft small">{texts.outcomes.driversHint}</p>
        </div>
        <div className="row">
          <label className="row small">
            {texts.outcomes.driversOf}
            <select value={of} onChange={(event) => change({ of: event.target.value })}>
              {OUTCOMES.map((one) => (
                <option key={one} value={one}>
                  {texts.outcomes.drivenOutcomes[one]}
                </option>
              ))}
            </select>
          </label>
          <label className="row small">
            {texts.outcomes.driversBy}
            <select value={by} onChange={(event) => change({ by: event.target.value })} style={{ maxWidth: 220 }}>
              {offered.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        </div>
      </header>
      <Answered asked={drivers} height={340}>
        {(answer) => {
          if (answer.rows.length === 0) return <Empty reason={texts.outcomes.noDrivers} cure={reasonOf(texts, answer.overall.reason)} />;
          const most = Math.max(...answer.rows.map((row) => Math.abs(row.impact ?? 0)), 0.0001);
          return (
            // A region that scrolls is reached from the keyboard.
            // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            <div className="bounded" tabIndex={0} role="group" aria-label={texts.outcomes.drivers}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{names.get(by) ?? by}</th>
                    <th scope="col" className="amount">
                      {texts.outcomes.drivenOutcomes[of]}
                    </th>
                    <th scope="col" className="amount">
                      n
                    </th>
                    <th scope="col" className="amount">
                      {texts.outcomes.share}
                    </th>
                    <th scope="col">{texts.today.impact}</th>
                  </tr>
                </thead>
                <tbody>
                  {answer.rows.map((row) => (
                    <tr key={row.value ?? ''}>
                      <th scope="row">
                        <QuickLink to="/conversations" search={{ filter: [...view.filter, filterOf(by, row.value ?? null, listed), 'engaged'] }}>
                          {row.name ?? labels.of(by, row.value ?? null)}
                        </QuickLink>
                      </th>
                      <td className="amount">{typeof row.metric.value === 'number' ? inUnit(locale, row.metric.value, isShare ? 'share' : 'score') : texts.number.noData}</td>
                      <td className="amount">{whole(locale, row.metric.n)}</td>
                      <td className="amount">{percent(locale, row.share)}</td>
                      <td>
                        <Impact row={row} most={most} isShare={isShare} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          );
        }}
      </Answered>
    </section>
  );
}

function filterOf(by: string, value: string | null, listed: ReadonlySet<string>): string {
  return listed.has(by) && value !== null ? `${by} has ${quoted(value)}` : is(by, value);
}
