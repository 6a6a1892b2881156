/** Any numbers by any dimensions, as a table or a chart; the whole question is in the address. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { WithCommands } from '../../components/WithCommands';

import type { QueryResult } from '../../api/client';
import { useAnswer, useDimensions, useMetrics } from '../../api/questions';
import { Metric } from '../../components/Metric';
import { Answered, Empty } from '../../components/States';
import { useNames } from '../../components/use-names';
import { inUnit, whole } from '../../format/format';
import type { ExploreSearch } from '../../router-search';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import { asked } from '../../view/view';
import { Picker } from './Picker';
import { exploreQuestion, GRAINS, showOf, SHOWS } from './question';
import { Shown } from './Shown';
import { Views } from './Views';

const FIRST: Partial<ExploreSearch> = { metric: ['sessions', 'resolution_rate', 'csat_score'], by: ['channel'] };
const LIMITS = ['10', '50', '200', '1000'];

export default function Explore() {
  const { texts, locale } = usePreferences();
  const view = useView();
  const search = useSearch({ from: '/explore' });
  const navigate = useNavigate();
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

  const question = exploreQuestion({ metric, by, limit, show, ...(grain !== undefined && { grain }), ...(order !== undefined && { order }), ...(others !== undefined && { others }) });
  const answer = useAnswer(view, question, { enabled: metric.length > 0 });

  return (
    <>
      <div className="page-head">
        <h1>{texts.pages.explore}</h1>
        <Views query={asked(view, question)} show={show} />
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
              <Shown answer={all} show={showOf({ show })} title={texts.chart.asTable} order={order} onOrder={(next) => change({ order: next })} />
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

function Notes({ answer }: { answer: QueryResult }) {
  const { texts, locale } = usePreferences();
  return (
    <ul className="soft small">
      {answer.notes.map((note) => (
        <li key={`${note.code} ${note.text}`}>
          <WithCommands text={note.text} />
        </li>
      ))}
      <li>{texts.explore.took(inUnit(locale, answer.took_milliseconds / 1000, 'seconds'), whole(locale, answer.rows_read))}</li>
    </ul>
  );
}
