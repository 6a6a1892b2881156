/** An answer as a table or as charts. */
import type { QueryResult } from '../../api/client';
import { Chart } from '../../charts/Chart';
import { seriesByMetric, seriesByValue } from '../../charts/data';
import { AnswerTable } from '../../components/AnswerTable';
import { useLabels } from '../../components/use-labels';
import { useNames } from '../../components/use-names';
import { MOST_SERIES, type Show } from './question';

export function Shown(props: { answer: QueryResult; show: Show; title: string; order?: string | undefined; onOrder?: (order: string) => void; tools?: React.ReactNode; compact?: boolean }) {
  const { names, listed } = useNames();
  const { answer, show } = props;
  if (answer.dimensions.length === 0) return null;
  if (show === 'table') {
    return (
      <section className="card" aria-label={props.title}>
        {props.tools !== undefined && (
          <header>
            <h2>{props.title}</h2>
            <div className="row tools">{props.tools}</div>
          </header>
        )}
        <AnswerTable answer={answer} title={props.title} names={names} listed={listed} order={props.order} {...(props.onOrder && { onOrder: props.onOrder })} compact={props.compact ?? false} />
      </section>
    );
  }
  return <Charts answer={answer} kind={show} names={names} title={props.tools === undefined ? undefined : props.title} tools={props.tools} />;
}

/** One chart a metric where there are two dimensions; else one a unit, since an axis has one. */
function Charts(props: { answer: QueryResult; kind: Exclude<Show, 'table'>; names: ReadonlyMap<string, string>; title: string | undefined; tools: React.ReactNode }) {
  const labels = useLabels();
  const { answer, kind, names } = props;
  const stepName = names.get(answer.dimensions[0] ?? '') ?? answer.dimensions[0] ?? '';
  const titled = (name: string, place: number) => ({ title: props.title === undefined ? name : `${props.title}: ${name}`, tools: place === 0 ? props.tools : undefined });
  if (answer.dimensions.length > 1) {
    return answer.definitions.map((definition, place) => {
      const data = seriesByValue(labels, answer, definition.id);
      return <Chart key={definition.id} {...titled(definition.name, place)} kind={kind} stepName={stepName} data={{ ...data, series: data.series.slice(0, MOST_SERIES) }} />;
    });
  }
  const units = [...new Set(answer.definitions.map((definition) => definition.unit))];
  return units.map((unit, place) => {
    const alike = answer.definitions.filter((definition) => definition.unit === unit);
    const ids = alike.map((definition) => definition.id).slice(0, MOST_SERIES);
    return <Chart key={unit} {...titled(alike.map((definition) => definition.name).join(', '), place)} kind={kind} stepName={stepName} data={seriesByMetric(labels, answer, ids)} />;
  });
}
