/** Every topic: how often, what came of it, what it does to outcomes, how it goes over time. */
import { memo, useDeferredValue, useMemo, useState } from 'react';

import type { Schemas } from '../../api/client';
import { useTopics } from '../../api/paths';
import { useAnswer } from '../../api/questions';
import { Spark } from '../../charts/Spark';
import { Card, TableCard } from '../../components/Cards';
import { Choice } from '../../components/Choice';
import { Impact } from '../../components/Impact';
import { QuickLink } from '../../components/QuickLink';
import { SaveTable } from '../../components/SaveTable';
import { Answered, Empty } from '../../components/States';
import { useDefinitions } from '../../components/use-definitions';
import { Part, Share, Value } from '../../components/Value';
import { whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { grainOf, is, quoted, type View } from '../../view/view';

const IMPACTS = ['resolution', 'escalation', 'abandon', 'csat'] as const;
const RATES = ['resolution_rate', 'escalation_rate', 'abandon_rate', 'csat_score'] as const;
const VISITS = ['topic_report'];
/** The most topics that are shown. */
const MOST = 60;
/** So many rows fill what is seen of the table; those beneath are drawn after them. */
const IN_SIGHT = 16;

export function Report({ view }: { view: View }) {
  const { texts } = usePreferences();
  return (
    <>
      <TopicTable view={view} />
      <TableCard view={view} title={texts.topics.visits} hint={texts.topics.visitsHint} metrics={VISITS} by={['step.topic_name', 'step.topic_kind']} order="topic_views" limit={100} empty={texts.topics.none} />
    </>
  );
}

function TopicTable({ view }: { view: View }) {
  const { texts, locale } = usePreferences();
  const [of, setOf] = useState<(typeof IMPACTS)[number]>('resolution');
  const [sorted, setSorted] = useState<'visits' | 'impact'>('visits');
  const report = useTopics(view, { limit: MOST });
  const shown = useMemo(() => {
    const all = [...(report.data?.topics ?? [])];
    if (sorted === 'impact') all.sort((left, right) => Math.abs(right.impacts[of]?.impact ?? 0) - Math.abs(left.impacts[of]?.impact ?? 0));
    return all;
  }, [report.data, sorted, of]);
  const sparks = useSparks(view, shown.map((row) => row.topic));
  const rows = useRows(shown, of, sparks);
  const tools = (
    <>
      <Choice label={texts.topics.impactOn} value={of} options={IMPACTS.map((one) => [one, texts.outcomes.drivenOutcomes[one]] as const)} choose={setOf} />
      <Choice label={texts.conversations.order} value={sorted} options={[['visits', texts.topics.mostVisited], ['impact', texts.topics.largestImpact]] as const} choose={setSorted} />
      <SaveTable title={texts.topics.report} rows={() => rowsOf(shown)} />
    </>
  );
  return (
    <Card title={texts.topics.report} hint={texts.topics.reportHint} tools={tools}>
      <Answered asked={report} height={520}>
        {(answer) => {
          if (answer.topics.length === 0) return <Empty reason={texts.topics.none} cure={texts.topics.noneCure} />;
          return (
            <>
              {/* A region that scrolls is reached from the keyboard. */}
              {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
              <div className="bounded tall" tabIndex={0} role="group" aria-label={texts.topics.report}>
                <table>
                  <Head of={of} />
                  <tbody>
                    {rows.map((row) => (
                      <Topic key={row.row.topic} {...row} of={of} />
                    ))}
                  </tbody>
                </table>
              </div>
              {answer.topic_count > shown.length && <p className="soft small">{texts.table.rows(whole(locale, shown.length), whole(locale, answer.topic_count))}</p>}
            </>
          );
        }}
      </Answered>
    </Card>
  );
}

type Row = Schemas['TopicRow'];
interface Shown {
  row: Row;
  most: number;
  spark: number[] | undefined;
}

/** What the rows show: those in sight at once, those beneath as before until these are drawn. */
function useRows(topics: Row[], of: (typeof IMPACTS)[number], sparks: ReadonlyMap<string, number[]>): Shown[] {
  const all = useMemo(() => {
    const most = Math.max(...topics.map((row) => Math.abs(row.impacts[of]?.impact ?? 0)), 0.0001);
    return topics.map((row) => ({ row, most, spark: sparks.get(row.topic) }));
  }, [topics, of, sparks]);
  const before = useDeferredValue(all);
  return useMemo(() => {
    if (before === all) return all;
    const first = all.slice(0, IN_SIGHT);
    const inSight = new Set(first.map(({ row }) => row.topic));
    const beneath = before.filter(({ row }) => !inSight.has(row.topic));
    return [...first, ...beneath.slice(0, all.length - first.length)];
  }, [all, before]);
}

function Head({ of }: { of: (typeof IMPACTS)[number] }) {
  const { texts } = usePreferences();
  const definitions = useDefinitions();
  return (
    <thead>
      <tr>
        <th scope="col">{texts.today.topic}</th>
        <th scope="col" className="amount">{texts.topics.views}</th>
        <th scope="col">{texts.topics.trend}</th>
        <th scope="col" className="amount">{texts.outcomes.counts}</th>
        <th scope="col" className="impact-column">{texts.topics.impactOf(texts.outcomes.drivenOutcomes[of])}</th>
        {RATES.map((id) => (
          <th scope="col" className="amount" key={id}>
            {definitions.get(id)?.name ?? id}
          </th>
        ))}
        <th scope="col" className="amount">{texts.topics.thumbs}</th>
        <th scope="col" className="amount">{texts.topics.triggered}</th>
        <th scope="col" className="amount">{texts.topics.completed}</th>
        <th scope="col" className="amount">{texts.topics.left}</th>
      </tr>
    </thead>
  );
}

const Topic = memo(function Topic(props: Shown & { of: (typeof IMPACTS)[number] }) {
  const { texts, locale } = usePreferences();
  const definitions = useDefinitions();
  const { row, of } = props;
  const name = row.name ?? row.topic;
  const sessions = row.metrics.sessions;
  const definition = definitions.get('sessions');
  const impact = row.impacts[of];
  return (
    <tr>
      <th scope="row">
        <QuickLink to={`/topics/${encodeURIComponent(row.topic)}`}>
          {name}
        </QuickLink>
      </th>
      <td className="amount">{whole(locale, row.visits)}</td>
      <td className="spark-cell">{props.spark === undefined ? null : <Spark values={props.spark} from0 label={`${texts.topics.views}: ${name}`} />}</td>
      <td className="amount">{definition === undefined ? <Part count={sessions?.n ?? 0} filter={row.filter} /> : <Value value={sessions} definition={definition} filters={[row.filter]} />}</td>
      <td>{impact === undefined ? <span className="soft">{texts.number.noData}</span> : <Impact row={impact} most={props.most} isShare={of !== 'csat'} />}</td>
      {RATES.map((id) => {
        const one = definitions.get(id);
        return (
          <td className="amount" key={id}>
            {one !== undefined && <Value value={row.metrics[id]} definition={one} filters={[row.filter]} />}
          </td>
        );
      })}
      {[row.feedback, row.triggered, row.completed, row.left].map((share, place) => (
        <td className="amount" key={place}>
          <Share value={share} />
        </td>
      ))}
    </tr>
  );
});

/** Views of each topic over the time of the view. The same topics in another order are the same question. */
function useSparks(view: View, shown: string[]): ReadonlyMap<string, number[]> {
  const topics = [...shown].sort();
  const answer = useAnswer(
    { ...view, compare: 'none' },
    { metrics: ['topic_views'], dimensions: ['step.topic'], grain: grainOf(view), filters: topics.length === 0 ? [] : [`step.topic in (${topics.map(quoted).join(', ')})`] },
    { enabled: topics.length > 0 },
  );
  return useMemo(() => {
    const found = new Map<string, number[]>();
    for (const row of answer.data?.rows ?? []) {
      const topic = row.dimensions['step.topic'];
      if (typeof topic === 'string') found.set(topic, [...(found.get(topic) ?? []), row.metrics.topic_views?.value ?? 0]);
    }
    return found;
  }, [answer.data]);
}

function rowsOf(topics: Schemas['TopicRow'][]) {
  return [
    ['topic', 'name', 'visits', 'sessions', ...RATES, ...IMPACTS.map((one) => `impact_${one}`), 'feedback', 'triggered', 'completed', 'left', 'filter'],
    ...topics.map((row) => [
      row.topic,
      row.name ?? null,
      row.visits,
      row.metrics.sessions?.value ?? null,
      ...RATES.map((id) => row.metrics[id]?.value ?? null),
      ...IMPACTS.map((one) => row.impacts[one]?.impact ?? null),
      ...[row.feedback, row.triggered, row.completed, row.left].map((share) => share.value ?? null),
      row.filter,
    ]),
  ];
}

/** The filter of steps that belong to a topic. */
export function stepsOf(topic: string): string {
  return is('step.topic', topic);
}
