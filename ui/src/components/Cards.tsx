/** Cards that ask one question each: numbers, a line over time, bars, a table. */
import { useMemo, useState, type ReactNode } from 'react';

import type { QueryResult } from '../api/client';
import { useAnswer } from '../api/questions';
import { Chart } from '../charts/Chart';
import { seriesByMetric, seriesByValue } from '../charts/data';
import type { Kind } from '../charts/options';
import { inUnit } from '../format/format';
import { usePreferences } from '../shell/preferences';
import { grainOf, type View } from '../view/view';
import { AnswerTable } from './AnswerTable';
import { Metric } from './Metric';
import { SaveTable } from './SaveTable';
import { Answered, Empty } from './States';
import { useKnown } from './use-known';
import { useLabels } from './use-labels';
import { useNames } from './use-names';

interface Asks {
  view: View;
  title: string;
  hint?: string;
  /** Ids of metrics and families; a constant of its module. */
  metrics: readonly string[];
  filters?: string[];
}

/** The same list each time, so that what was drawn with it need not be drawn anew. */
const NO_FILTERS: string[] = [];

export function Card(props: { title: string; hint?: string | undefined; tools?: ReactNode; children: ReactNode }) {
  return (
    <section className="card" aria-label={props.title}>
      <header>
        <div>
          <h2>{props.title}</h2>
          {props.hint !== undefined && <p className="soft small">{props.hint}</p>}
        </div>
        {props.tools !== undefined && <div className="row tools">{props.tools}</div>}
      </header>
      {props.children}
    </section>
  );
}

/** Numbers side by side, compared as the view says. */
export function NumbersCard(props: Asks & { large?: boolean; height?: number }) {
  const known = useKnown(props.metrics);
  const answer = useAnswer(props.view, { metrics: known ?? [], filters: props.filters ?? [] }, { enabled: known !== undefined && known.length > 0 });
  if (known?.length === 0) return null;
  return (
    <Card title={props.title} hint={props.hint}>
      <Answered asked={answer} height={props.height ?? 96} still>
        {(all) => (
          <div className="grid tight">
            {all.definitions.map((definition) => (
              <Metric key={definition.id} definition={definition} value={all.totals[definition.id]} large={props.large === true} filters={props.filters ?? NO_FILTERS} />
            ))}
          </div>
        )}
      </Answered>
    </Card>
  );
}

/** Numbers over the time of the view, or one number by the values of a dimension. */
export function TrendCard(props: Asks & { kind?: Kind; by?: string; order?: string[]; tools?: ReactNode; height?: number }) {
  const labels = useLabels();
  const known = useKnown(props.metrics);
  const { by, kind = 'line', height = 240 } = props;
  const answer = useAnswer(
    { ...props.view, compare: 'none' },
    { metrics: known ?? [], grain: grainOf(props.view), filters: props.filters ?? [], ...(by !== undefined && { dimensions: [by] }) },
    { enabled: known !== undefined },
  );
  return (
    <Answered asked={answer} height={height + 82} still={props.tools === undefined}>
      {(all) => (
        <Chart
          title={props.title}
          hint={props.hint}
          kind={kind}
          height={height}
          tools={props.tools}
          data={by === undefined ? seriesByMetric(labels, all) : seriesByValue(labels, all, all.metrics[0] ?? '', props.order)}
        />
      )}
    </Answered>
  );
}

/** Numbers by the values of a dimension, as bars. */
export function BarsCard(props: Asks & { by: string; limit?: number; order?: string[]; kind?: Kind; tools?: ReactNode; height?: number }) {
  const labels = useLabels();
  const { names } = useNames();
  const known = useKnown(props.metrics);
  const height = props.height ?? 240;
  const answer = useAnswer(
    { ...props.view, compare: 'none' },
    { metrics: known ?? [], dimensions: [props.by], filters: props.filters ?? [], limit: props.limit ?? 12, ...(props.order !== undefined && { order: props.order }) },
    { enabled: known !== undefined },
  );
  return (
    <Answered asked={answer} height={height + 82} still={props.tools === undefined}>
      {(all) => (
        <Chart title={props.title} hint={props.hint} kind={props.kind ?? 'bar'} height={height} tools={props.tools} stepName={names.get(props.by) ?? props.by} slanted data={seriesByMetric(labels, all)} />
      )}
    </Answered>
  );
}

/** Names of dimensions where it goes without saying of what they are: «Step: topic name» heads a column as «Topic name». */
function headings(names: ReadonlyMap<string, string>, ids: readonly string[]): ReadonlyMap<string, string> {
  const short = ids.map((id) => {
    const name = (names.get(id) ?? id).replace(/^[^:]+: /, '');
    return [id, name.charAt(0).toUpperCase() + name.slice(1)] as const;
  });
  return new Map([...names, ...short]);
}

/** An answer as the rows of a file. */
function rowsOf(answer: QueryResult, names: ReadonlyMap<string, string>, label: (dimension: string, value: string | null) => string) {
  const definitions = new Map(answer.definitions.map((one) => [one.id, one.name]));
  return [
    [...answer.dimensions.map((id) => names.get(id) ?? id), ...answer.metrics.map((id) => definitions.get(id) ?? id)],
    ...answer.rows.map((row) => [
      ...answer.dimensions.map((id) => label(id, row.dimensions[id] ?? null)),
      ...answer.metrics.map((id) => row.metrics[id]?.value ?? null),
    ]),
  ];
}

/** The same as people read it. */
function shownOf(answer: QueryResult, names: ReadonlyMap<string, string>, label: (dimension: string, value: string | null) => string, locale: string): string[][] {
  const units = new Map(answer.definitions.map((one) => [one.id, one.unit]));
  const first = answer.dimensions.length;
  return rowsOf(answer, names, label).map((row) =>
    row.map((cell, place) => (typeof cell === 'number' ? inUnit(locale, cell, units.get(answer.metrics[place - first] ?? '') ?? 'sessions') : (cell ?? ''))),
  );
}

/** Numbers by dimensions, ordered by a click on a column, each with the sessions behind it. */
export function TableCard(
  props: Asks & { by: readonly string[]; order?: string; limit?: number; tools?: ReactNode; having?: string[]; /** What stands where there are no rows. */ empty?: string; compact?: boolean },
) {
  const labels = useLabels();
  const { texts, locale } = usePreferences();
  const { names, listed } = useNames();
  const known = useKnown(props.metrics);
  const [chosen, setChosen] = useState<string>();
  const order = chosen ?? props.order;
  const answer = useAnswer(
    props.view,
    {
      metrics: known ?? [],
      dimensions: [...props.by],
      filters: props.filters ?? [],
      limit: props.limit ?? 50,
      ...(order !== undefined && { order: [order] }),
      ...(props.having !== undefined && { having: props.having }),
    },
    { enabled: known !== undefined },
  );
  const dimensions = answer.data?.dimensions;
  const headed = useMemo(() => headings(names, dimensions ?? []), [names, dimensions]);
  const save = answer.data !== undefined && (
    <SaveTable title={props.title} rows={() => rowsOf(answer.data, names, labels.of)} shown={() => shownOf(answer.data, names, labels.of, locale)} />
  );
  return (
    <Card
      title={props.title}
      hint={props.hint}
      tools={
        <>
          {props.tools}
          {save}
        </>
      }
    >
      <Answered asked={answer} height={280} still={chosen === undefined}>
        {(all) =>
          all.rows.length === 0 ? (
            <Empty reason={props.empty ?? texts.states.empty} />
          ) : (
            <AnswerTable answer={all} title={props.title} names={headed} listed={listed} filters={props.filters ?? NO_FILTERS} order={order} onOrder={setChosen} compact={props.compact ?? true} />
          )
        }
      </Answered>
    </Card>
  );
}
