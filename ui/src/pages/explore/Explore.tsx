/** Any numbers by any dimensions, as a table or a chart; the whole question is in the address. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';

import type { Query, QueryResult, Schemas } from '../../api/client';
import { useAnswer, useDimensions, useMetrics } from '../../api/questions';
import { Chart } from '../../charts/Chart';
import { seriesByMetric, seriesByValue } from '../../charts/data';
import { AnswerTable } from '../../components/AnswerTable';
import { Metric } from '../../components/Metric';
import { Answered, Empty } from '../../components/States';
import { useNames } from '../../components/use-names';
import { inUnit, whole } from '../../format/format';
import type { ExploreSearch } from '../../router';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import { asked } from '../../view/view';
import { Picker } from './Picker';

const FIRST: Partial<ExploreSearch> = { metric: ['sessions', 'resolution_rate', 'csat_score'], by: ['channel'] };
const LIMITS = ['10', '50', '200', '1000'];
const GRAINS: Schemas['Grain'][] = ['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'hour_of_day', 'weekday'];
const SHOWS = ['table', 'line', 'bar', 'stack'] as const;
/** How many series a chart takes before nobody can tell them apart. */
const MOST_SERIES = 8;

export default function Explore() {
  const { texts, locale } = usePreferences();
  const view = useView();
  const search = useSearch({ from: '/explore' });
  const navigate = useNavigate();
  const { names, listed } = useNames();
  const isFirst = search.metric === undefined && search.by === undefined;
  const { metric = [], by = [], grain, show = 'table', limit = '50', order, others } = isFirst ? { ...search, ...FIRST } : search;
  const change = (to: { [Name in keyof ExploreSearch]?: ExploreSearch[Name] | undefined }) => {
    const next = { metric, by, grain, show, limit, order, others, ...to };
    void navigate({
      to: '/explore',
      search: Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined)),
      resetScroll: false,
    });
  };

  const question = useMemo<Partial<Query> & { metrics: string[] }>(() => {
    const time = GRAINS.find((one) => one === grain);
    return {
      metrics: metric,
      dimensions: by,
      ...(time !== undefined && { grain: time }),
      ...(order !== undefined && { order: [order] }),
      // A chart over time has every step: the largest groups, and all others as one.
      ...(show !== 'table' && time !== undefined && by.length > 0
        ? { limit: MOST_SERIES - 1, other: true }
        : { limit: Number(limit), ...(others === 'yes' && by.length > 0 && { other: true }) }),
    };
  }, [metric, by, grain, show, order, limit, others]);
  const answer = useAnswer(view, question, { enabled: metric.length > 0 });

  return (
    <>
      <div className="page-head">
        <h1>{texts.pages.explore}</h1>
      </div>
      <section className="card" style={{ marginBottom: 16 }} aria-label={texts.explore.numbers}>
        <Choices metric={metric} by={by} change={change} />
        <div className="row">
          <label className="row small">
            {texts.explore.grain}
            <select value={grain ?? ''} onChange={(event) => change({ grain: event.target.value === '' ? undefined : event.target.value, order: undefined })}>
              <option value="">{texts.explore.grains.none}</option>
              {GRAINS.map((one) => (
                <option key={one} value={one}>
                  {texts.explore.grains[one] ?? one}
                </option>
              ))}
            </select>
          </label>
          <label className="row small">
            {texts.explore.show}
            <select value={show} onChange={(event) => change({ show: event.target.value })}>
              {SHOWS.map((one) => (
                <option key={one} value={one}>
                  {texts.explore.shows[one]}
                </option>
              ))}
            </select>
          </label>
          <label className="row small">
            {texts.explore.limit}
            <select value={limit} onChange={(event) => change({ limit: event.target.value })}>
              {LIMITS.map((one) => (
                <option key={one} value={one}>
                  {whole(locale, Number(one))}
                </option>
              ))}
            </select>
          </label>
          <label className="row small">
            <input type="checkbox" checked={others === 'yes'} onChange={(event) => change({ others: event.target.checked ? 'yes' : undefined })} />
            {texts.explore.others}
          </label>
        </div>
      </section>
      {metric.length === 0 ? (
        <Empty reason={texts.explore.choose} />
      ) : (
        <Answered asked={answer} height={480}>
          {(all) => (
            <div className="stack">
              <section className="card" aria-label={texts.chart.total}>
                <div className="grid tight">
                  {all.definitions.map((definition) => (
                    <Metric key={definition.id} definition={definition} value={all.totals[definition.id]} />
                  ))}
                </div>
              </section>
              {show === 'table' || all.dimensions.length === 0 ? (
                all.dimensions.length > 0 && (
                  <section className="card" aria-label={texts.chart.asTable}>
                    <AnswerTable answer={all} title={texts.chart.asTable} names={names} listed={listed} order={order} onOrder={(next) => change({ order: next })} />
                  </section>
                )
              ) : (
                <Charts answer={all} kind={show === 'line' ? 'line' : show === 'stack' ? 'stack' : 'bar'} names={names} />
              )}
              <Notes answer={all} />
              <details>
                <summary>{texts.explore.question}</summary>
                {/* Long lines scroll, from the keyboard too. */}
                {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
                <pre tabIndex={0} aria-label={texts.explore.question}>
                  {JSON.stringify(asked(view, question), null, 2)}
                </pre>
              </details>
            </div>
          )}
        </Answered>
      )}
    </>
  );
}

function Choices(props: { metric: string[]; by: string[]; change: (to: { metric?: string[]; by?: string[]; order?: undefined }) => void }) {
  const { texts } = usePreferences();
  const metrics = useMetrics();
  const dimensions = useDimensions();
  const { names } = useNames();
  const all = metrics.data;
  const offered = [
    ...(all?.metrics ?? []).map((one) => ({ id: one.id, name: one.name, group: one.section, hint: one.definition })),
    ...(all?.families ?? []).map((one) => ({ id: one.id, name: one.id, group: '', hint: one.documentation })),
  ];
  const nameOf = (id: string) => offered.find((one) => one.id === id)?.name ?? id;
  const cuts = (dimensions.data?.dimensions ?? []).map((one) => ({ id: one.id, name: one.name, group: '', hint: one.documentation }));
  return (
    <div className="stack" style={{ gap: 8 }}>
      <div className="row">
        <span className="soft small">{texts.explore.numbers}</span>
        <Chips chosen={props.metric} nameOf={nameOf} remove={(id) => props.change({ metric: props.metric.filter((other) => other !== id), order: undefined })} />
        <Picker label={texts.explore.addNumber} find={texts.explore.findNumber} offered={offered} chosen={props.metric} choose={(id) => props.change({ metric: [...props.metric, id] })} />
      </div>
      <div className="row">
        <span className="soft small">{texts.explore.by}</span>
        <Chips chosen={props.by} nameOf={(id) => names.get(id) ?? id} remove={(id) => props.change({ by: props.by.filter((other) => other !== id), order: undefined })} />
        {props.by.length < 6 && (
          <Picker label={texts.explore.addDimension} find={texts.explore.findDimension} offered={cuts} chosen={props.by} choose={(id) => props.change({ by: [...props.by, id] })} />
        )}
      </div>
    </div>
  );
}

function Chips(props: { chosen: string[]; nameOf: (id: string) => string; remove: (id: string) => void }) {
  const { texts } = usePreferences();
  return props.chosen.map((id) => (
    <span className="chip" key={id}>
      <span>{props.nameOf(id)}</span>
      <button type="button" aria-label={texts.explore.remove(props.nameOf(id))} onClick={() => props.remove(id)}>
        ×
      </button>
    </span>
  ));
}

/** One chart a metric where there are two dimensions; else one a unit, since an axis has one. */
function Charts({ answer, kind, names }: { answer: QueryResult; kind: 'line' | 'bar' | 'stack'; names: ReadonlyMap<string, string> }) {
  const { texts, locale } = usePreferences();
  const stepName = names.get(answer.dimensions[0] ?? '') ?? answer.dimensions[0] ?? '';
  if (answer.dimensions.length > 1) {
    return answer.definitions.map((definition) => {
      const data = seriesByValue(texts, locale, answer, definition.id);
      return <Chart key={definition.id} title={definition.name} kind={kind} stepName={stepName} data={{ ...data, series: data.series.slice(0, MOST_SERIES) }} />;
    });
  }
  const units = [...new Set(answer.definitions.map((definition) => definition.unit))];
  return units.map((unit) => {
    const alike = answer.definitions.filter((definition) => definition.unit === unit);
    const ids = alike.map((definition) => definition.id).slice(0, MOST_SERIES);
    return (
      <Chart key={unit} title={alike.map((definition) => definition.name).join(', ')} kind={kind} stepName={stepName} data={seriesByMetric(texts, locale, answer, ids)} />
    );
  });
}

function Notes({ answer }: { answer: QueryResult }) {
  const { texts, locale } = usePreferences();
  return (
    <ul className="soft small">
      {answer.notes.map((note) => (
        <li key={`${note.code} ${note.text}`}>{note.text}</li>
      ))}
      <li>{texts.explore.took(inUnit(locale, answer.took_milliseconds / 1000, 'seconds'), whole(locale, answer.rows_read))}</li>
    </ul>
  );
}
