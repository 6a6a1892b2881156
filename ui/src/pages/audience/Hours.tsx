/** When people come: weekday by hour of the day. */
import { useMemo, useState } from 'react';

import type { QueryResult } from '../../api/client';
import { useAnswer } from '../../api/questions';
import { Heat, type HeatData } from '../../charts/Heat';
import { Choice } from '../../components/Choice';
import { Answered } from '../../components/States';
import { useDefinitions } from '../../components/use-definitions';
import { usePreferences } from '../../shell/preferences';
import type { Texts } from '../../texts/en';
import type { View } from '../../view/view';

/** Counts and rates that are worth looking at by the hour. */
const METRICS = ['sessions', 'messages', 'users', 'handover_sessions', 'engagement_rate', 'resolution_rate', 'fallback_rate'] as const;
type Shown = (typeof METRICS)[number];

export function Hours({ view }: { view: View }) {
  const { texts } = usePreferences();
  const definitions = useDefinitions();
  const [metric, setMetric] = useState<Shown>('sessions');
  const answer = useAnswer({ ...view, compare: 'none' }, { metrics: [metric], dimensions: ['weekday', 'hour_of_day'] });
  const choice = <Choice label={texts.audience.heatOf} value={metric} options={METRICS.map((id) => [id, definitions.get(id)?.name ?? id] as const)} choose={setMetric} />;
  return (
    <Answered asked={answer} height={360}>
      {(all) => <Field answer={all} tools={choice} />}
    </Answered>
  );
}

function Field({ answer, tools }: { answer: QueryResult; tools: React.ReactNode }) {
  const { texts } = usePreferences();
  const data = useMemo(() => heatOf(texts, answer), [texts, answer]);
  return <Heat title={texts.audience.heat} hint={texts.audience.heatHint} tools={tools} data={data} />;
}

function heatOf(texts: Texts, answer: QueryResult): HeatData {
  const metric = answer.metrics[0] ?? '';
  const days = Object.keys(texts.weekdays);
  const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'));
  const cells = new Map(answer.rows.map((row) => [`${row.dimensions.weekday ?? ''} ${row.dimensions.hour_of_day ?? ''}`, row.metrics[metric]?.value ?? null]));
  return {
    across: hours,
    down: days.map((day) => texts.weekdays[day] ?? day),
    values: days.map((day) => hours.map((hour) => cells.get(`${day} ${hour}`) ?? null)),
    unit: answer.definitions[0]?.unit ?? 'sessions',
  };
}
