/** The commonest paths, and which step follows which more often than by chance. */
import { useState } from 'react';

import type { Schemas } from '../../api/client';
import { useLift, usePaths } from '../../api/paths';
import { saveCsv, type Cells } from '../../charts/save';
import { Card } from '../../components/Cards';
import { Choice } from '../../components/Choice';
import { Answered, Empty } from '../../components/States';
import { Part, Share } from '../../components/Value';
import { inUnit, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import type { View } from '../../view/view';

const SORTS: Schemas['StepSort'][] = ['topics', 'options', 'questions', 'intents'];
const LOOPS: Schemas['Loops'][] = ['keep', 'repeats', 'cycles'];
const FIRST = ['2', '3', '5', '10', '100'] as const;

export function Paths({ view }: { view: View }) {
  const { texts } = usePreferences();
  const [of, setOf] = useState<Schemas['StepSort']>('topics');
  const choice = <Choice label={texts.topics.stepsOf} value={of} options={SORTS.map((one) => [one, texts.topics.sorts[one]] as const)} choose={setOf} />;
  return (
    <>
      <Common view={view} of={of} choice={choice} />
      <Lift view={view} of={of} choice={choice} />
    </>
  );
}

/** A button that saves a table as CSV. */
function Save({ title, rows }: { title: string; rows: () => Cells }) {
  const { texts } = usePreferences();
  return (
    <button type="button" className="button quiet" aria-label={`${texts.chart.data}: ${title}`} onClick={() => saveCsv(title, rows())}>
      CSV
    </button>
  );
}

function Common({ view, of, choice }: { view: View; of: Schemas['StepSort']; choice: React.ReactNode }) {
  const { texts, locale } = usePreferences();
  const [loops, setLoops] = useState<Schemas['Loops']>('cycles');
  const [first, setFirst] = useState<(typeof FIRST)[number]>('5');
  const paths = usePaths(view, { steps: [of], loops, first: Number(first), limit: 25 });
  const found = paths.data?.paths ?? [];
  const title = texts.topics.paths;
  const name = (row: Schemas['PathRow']) => row.steps.map((step) => step.name).join(' → ') + (row.whole ? '' : ' → …');
  const rows = (): Cells => [
    ['path', 'sessions', 'share', 'resolution_rate', 'escalation_rate', 'abandon_rate', 'filter'],
    ...found.map((row) => [name(row), row.sessions, row.share.value ?? null, row.resolution_rate.value ?? null, row.escalation_rate.value ?? null, row.abandon_rate.value ?? null, row.filter]),
  ];
  const tools = (
    <>
      {choice}
      <Choice label={texts.topics.loops} value={loops} options={LOOPS.map((one) => [one, texts.topics.loopsAre[one]] as const)} choose={setLoops} />
      <Choice label={texts.topics.first} value={first} options={FIRST.map((one) => [one, one === '100' ? texts.topics.all : one] as const)} choose={setFirst} />
      <Save title={title} rows={rows} />
    </>
  );
  return (
    <Card title={title} hint={texts.topics.pathsHint} tools={tools}>
      <Answered asked={paths} height={420}>
        {(answer) =>
          answer.paths.length === 0 ? (
            <Empty reason={texts.topics.noSteps} cure={texts.topics.noStepsCure} />
          ) : (
            // A region that scrolls is reached from the keyboard.
            // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            <div className="bounded" tabIndex={0} role="group" aria-label={title}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{texts.topics.path}</th>
                    <th scope="col" className="amount">{texts.outcomes.counts}</th>
                    <th scope="col" className="amount">{texts.outcomes.drivenOutcomes.resolution}</th>
                    <th scope="col" className="amount">{texts.outcomes.drivenOutcomes.escalation}</th>
                    <th scope="col" className="amount">{texts.outcomes.drivenOutcomes.abandon}</th>
                  </tr>
                </thead>
                <tbody>
                  {answer.paths.map((row) => (
                    <tr key={row.filter}>
                      <th scope="row">{name(row)}</th>
                      <td className="amount">
                        <Part count={row.sessions} share={row.share} filter={row.filter} />
                      </td>
                      {[row.resolution_rate, row.escalation_rate, row.abandon_rate].map((rate, place) => (
                        <td className="amount" key={place}>
                          <Share value={rate} />
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
              <p className="soft small">{texts.table.rows(whole(locale, answer.paths.length), whole(locale, answer.path_count))}</p>
            </div>
          )
        }
      </Answered>
    </Card>
  );
}

function Lift({ view, of, choice }: { view: View; of: Schemas['StepSort']; choice: React.ReactNode }) {
  const { texts, locale } = usePreferences();
  const lift = useLift(view, { steps: [of], limit: 40 });
  const title = texts.topics.lift;
  const rows = (): Cells => [
    ['first', 'next', 'sessions', 'share', 'expected', 'lift', 'p_value_corrected', 'filter'],
    ...(lift.data?.pairs ?? []).map((row) => [row.first.name, row.next.name, row.sessions, row.share.value ?? null, row.expected, row.lift ?? null, row.p_value_corrected ?? null, row.filter]),
  ];
  const times = (value: number) => `× ${inUnit(locale, value, 'score')}`;
  return (
    <Card
      title={title}
      hint={texts.topics.liftHint}
      tools={
        <>
          {choice}
          <Save title={title} rows={rows} />
        </>
      }
    >
      <Answered asked={lift} height={420}>
        {(answer) =>
          answer.pairs.length === 0 ? (
            <Empty reason={texts.topics.noPairs} />
          ) : (
            // A region that scrolls is reached from the keyboard.
            // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            <div className="bounded" tabIndex={0} role="group" aria-label={title}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{texts.topics.after}</th>
                    <th scope="col">{texts.topics.follows}</th>
                    <th scope="col" className="amount">{texts.outcomes.counts}</th>
                    <th scope="col" className="amount">{texts.topics.expected}</th>
                    <th scope="col" className="amount">{texts.topics.liftIs}</th>
                    <th scope="col">{texts.topics.chance}</th>
                  </tr>
                </thead>
                <tbody>
                  {answer.pairs.map((row) => (
                    <tr key={row.filter}>
                      <th scope="row">{row.first.name}</th>
                      <td>{row.next.name}</td>
                      <td className="amount">
                        <Part count={row.sessions} share={row.share} filter={row.filter} />
                      </td>
                      <td className="amount">{inUnit(locale, row.expected, 'sessions')}</td>
                      <td className="amount">
                        {typeof row.lift === 'number' ? times(row.lift) : texts.number.noData}
                        {row.interval != null && <small>{row.interval.map(times).join(' – ')}</small>}
                      </td>
                      <td className="soft">{row.verdict === 'changed' ? texts.topics.moreThanChance : row.verdict === 'noise' ? texts.number.noise : texts.number.tooFew}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <p className="soft small">{texts.table.rows(whole(locale, answer.pairs.length), whole(locale, answer.pair_count))}</p>
            </div>
          )
        }
      </Answered>
    </Card>
  );
}
