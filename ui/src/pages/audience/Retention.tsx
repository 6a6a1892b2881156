/** Who came back, by the day, week or month of the first session. */
import { useState } from 'react';

import type { MetricValue, Schemas } from '../../api/client';
import { reasonOf } from '../../api/named';
import { useBefore } from '../../api/before';
import { useRetention } from '../../api/paths';
import type { Cells } from '../../charts/save';
import { Card } from '../../components/Cards';
import { Choice } from '../../components/Choice';
import { basisOf } from '../../components/Metric';
import { SaveTable } from '../../components/SaveTable';
import { Answered, Empty } from '../../components/States';
import { percent, step, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import type { View } from '../../view/view';

const PERIODS: Schemas['Period'][] = ['day', 'week', 'month'];
/** How many stretches are looked at. */
const COUNT: Record<Schemas['Period'], number> = { day: 14, week: 12, month: 12 };

type Back = 'exact' | 'rolling';

export function Retention({ view }: { view: View }) {
  const { texts } = usePreferences();
  const [period, setPeriod] = useState<Schemas['Period']>('week');
  const [back, setBack] = useState<Back>('exact');
  const [identity, setIdentity] = useState<Schemas['Identity']>('device');
  const retention = useRetention(view, { period, periods: COUNT[period], identity });
  const earlier = useBefore(view);
  const before = useRetention(earlier ?? view, { period, periods: COUNT[period], identity }, earlier !== undefined);
  const title = texts.audience.retention;
  const tools = (
    <>
      <Choice label={texts.audience.period} value={period} options={PERIODS.map((one) => [one, texts.audience.periods[one]] as const)} choose={setPeriod} />
      <Choice label={texts.audience.back} value={back} options={[['exact', texts.audience.backs.exact], ['rolling', texts.audience.backs.rolling]] as const} choose={setBack} />
      <Choice label={texts.audience.identity} value={identity} options={[['device', texts.audience.identities.device], ['id', texts.audience.identities.id]] as const} choose={setIdentity} />
      {retention.data !== undefined && (
        <SaveTable title={title} rows={() => rowsOf(retention.data, back)} />
      )}
    </>
  );
  return (
    <Card title={title} hint={texts.audience.retentionHint} tools={tools}>
      <Answered asked={retention} height={320}>
        {(answer) => (answer.cohorts.length === 0 ? <Empty reason={texts.audience.retentionNone} cure={texts.states.emptyCure} /> : <Cohorts answer={answer} before={earlier === undefined || before.isPlaceholderData ? undefined : before.data} back={back} />)}
      </Answered>
    </Card>
  );
}

function Cohorts({ answer, before, back }: { answer: Schemas['RetentionResult']; before: Schemas['RetentionResult'] | undefined; back: Back }) {
  const { texts, locale } = usePreferences();
  const most = Math.max(...answer.cohorts.flatMap((cohort) => cohort.periods.map((period) => period[back].value ?? 0)), 0.0001);
  const columns = answer.overall.map((one) => one.period);
  const cells = (periods: Schemas['Retained'][]) => {
    const found = new Map(periods.map((one) => [one.period, one[back]]));
    return columns.map((column) => <Cell key={column} value={found.get(column)} most={most} />);
  };
  return (
    <>
      {/* A region that scrolls is reached from the keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="bounded retention" tabIndex={0} role="group" aria-label={texts.audience.retention}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.audience.cohort}</th>
              <th scope="col" className="amount">{texts.audience.users}</th>
              {columns.map((column) => (
                <th scope="col" className="amount" key={column}>
                  {texts.audience.after(whole(locale, column))}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">{texts.audience.all}</th>
              <td className="amount">{whole(locale, answer.cohorts.reduce((sum, cohort) => sum + cohort.users, 0))}</td>
              {cells(answer.overall)}
            </tr>
            {before !== undefined && before.cohorts.length > 0 && (
              <tr>
                <th scope="row" className="soft">{texts.audience.before}</th>
                <td className="amount soft">{whole(locale, before.cohorts.reduce((sum, cohort) => sum + cohort.users, 0))}</td>
                {cells(before.overall)}
              </tr>
            )}
            {answer.cohorts.map((cohort) => (
              <tr key={cohort.cohort}>
                <th scope="row">{step(locale, cohort.cohort)}</th>
                <td className="amount">{whole(locale, cohort.users)}</td>
                {cells(cohort.periods)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {answer.unlinkable > 0 && <p className="soft small">{texts.audience.unlinkable(whole(locale, answer.unlinkable))}</p>}
    </>
  );
}

function Cell({ value, most }: { value: MetricValue | undefined; most: number }) {
  const { texts, locale } = usePreferences();
  const share = value?.value;
  if (value === undefined || typeof share !== 'number') return <td className="amount soft" title={reasonOf(texts, value?.reason)}>{value === undefined ? '' : '–'}</td>;
  // Text stays readable on the deepest colour, in both schemes.
  const depth = Math.round((share / most) * 45);
  return (
    <td className="amount" style={{ background: `color-mix(in srgb, var(--data-1) ${depth}%, var(--surface))` }} title={basisOf(texts, locale, value, { unit: 'share' })}>
      {percent(locale, share)}
    </td>
  );
}

function rowsOf(answer: Schemas['RetentionResult'], back: Back): Cells {
  const columns = answer.overall.map((one) => one.period);
  const cells = (periods: Schemas['Retained'][]) => columns.map((column) => periods.find((one) => one.period === column)?.[back].value ?? null);
  return [['cohort', 'users', ...columns.map((column) => `+${column}`)], ...answer.cohorts.map((cohort) => [cohort.cohort, cohort.users, ...cells(cohort.periods)])];
}
