/** Engagement and outcomes, what drives them, and satisfaction. */
import { useState } from 'react';

import type { Query } from '../../api/client';
import { useAnswer } from '../../api/questions';
import { Chart } from '../../charts/Chart';
import { seriesByMetric, seriesByValue } from '../../charts/data';
import type { Kind } from '../../charts/options';
import { AnswerTable } from '../../components/AnswerTable';
import { Metric } from '../../components/Metric';
import { Nothing, useNothing } from '../../components/Nothing';
import { Answered } from '../../components/States';
import { useLabels } from '../../components/use-labels';
import { useNames } from '../../components/use-names';
import { usePreferences, useTexts } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import { grainOf, type View } from '../../view/view';
import { Drivers } from './Drivers';
import { Ladder } from './Ladder';
import { Satisfaction } from './Satisfaction';

const HEADLINES = ['sessions', 'engagement_rate', 'resolution_rate', 'escalation_rate', 'abandon_rate', 'bounce_rate'];
const RATES = ['engagement_rate', 'resolution_rate', 'escalation_rate', 'abandon_rate'];
const SPLITS = ['resolution_rate_confirmed', 'resolution_rate_implied', 'escalation_split'];
const DURATIONS = ['session_duration_distribution', 'exchanges_per_session', 'messages_per_session', 'first_response_time_median'];
/** From the ground of a stack upwards. */
const OUTCOMES = ['resolved', 'escalated', 'abandoned', 'none'];

export default function Outcomes() {
  const { texts } = usePreferences();
  const view = useView();
  const nothing = useNothing(view);
  return (
    <>
      <div className="page-head">
        <h1>{texts.pages.outcomes}</h1>
      </div>
      {nothing ? (
        <Nothing ever={nothing === 'ever'} />
      ) : (
        <div className="stack">
          <Numbers view={view} title={texts.outcomes.engagement} metrics={HEADLINES} large />
          <div className="grid wide">
            <OverTime view={view} />
            <Rates view={view} />
          </div>
          <div className="grid wide">
            <Ladder view={view} />
            <Numbers view={view} title={texts.outcomes.splits} metrics={SPLITS} />
          </div>
          <Drivers view={view} />
          <div className="grid wide">
            <Numbers view={view} title={texts.outcomes.durations} metrics={DURATIONS} />
            <Closed view={view} />
          </div>
          <Satisfaction view={view} />
        </div>
      )}
    </>
  );
}

function Numbers(props: { view: View; title: string; metrics: string[]; large?: boolean }) {
  const answer = useAnswer(props.view, { metrics: props.metrics });
  return (
    <section className="card" aria-label={props.title}>
      <header>
        <h2>{props.title}</h2>
      </header>
      <Answered asked={answer} height={96}>
        {(all) => (
          <div className="grid tight">
            {all.definitions.map((definition) => (
              <Metric key={definition.id} definition={definition} value={all.totals[definition.id]} large={props.large === true} />
            ))}
          </div>
        )}
      </Answered>
    </section>
  );
}

function OverTime({ view }: { view: View }) {
  const labels = useLabels();
  const texts = useTexts();
  const [kind, setKind] = useState<Kind>('stack');
  const question: Partial<Query> & { metrics: string[] } = { metrics: ['sessions'], grain: grainOf(view), dimensions: ['outcome'] };
  const answer = useAnswer({ ...view, compare: 'none' }, question);
  const choose = (
    <span className="row" style={{ flexWrap: 'nowrap', gap: 2 }}>
      {(['stack', 'shares'] as const).map((one) => (
        <button key={one} type="button" className="button" aria-pressed={kind === one} onClick={() => setKind(one)}>
          {one === 'stack' ? texts.outcomes.counts : texts.outcomes.shares}
        </button>
      ))}
    </span>
  );
  return (
    <Answered asked={answer} height={330}>
      {(all) => (
        <Chart title={texts.outcomes.overTime} kind={kind} tools={choose} data={seriesByValue(labels, all, 'sessions', OUTCOMES)} />
      )}
    </Answered>
  );
}

function Rates({ view }: { view: View }) {
  const labels = useLabels();
  const texts = useTexts();
  const answer = useAnswer({ ...view, compare: 'none' }, { metrics: RATES, grain: grainOf(view) });
  return (
    <Answered asked={answer} height={330}>
      {(all) => <Chart title={texts.outcomes.rates} kind="line" data={seriesByMetric(labels, all)} />}
    </Answered>
  );
}

function Closed({ view }: { view: View }) {
  const { texts } = usePreferences();
  const { names, listed } = useNames();
  const answer = useAnswer({ ...view, compare: 'none' }, { metrics: ['sessions', 'resolution_rate', 'session_duration_median'], dimensions: ['closed_by', 'end_reason'], order: ['sessions'], limit: 20 });
  return (
    <section className="card" aria-label={texts.outcomes.closed}>
      <header>
        <h2>{texts.outcomes.closed}</h2>
      </header>
      <Answered asked={answer} height={240}>
        {(all) => <AnswerTable answer={all} title={texts.outcomes.closed} names={names} listed={listed} compact />}
      </Answered>
    </section>
  );
}
