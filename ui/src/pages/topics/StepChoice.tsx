/** The step at which flows begin: one of those that there are, the commonest first. */
import type { Schemas } from '../../api/client';
import { useAnswer } from '../../api/questions';
import { usePreferences } from '../../shell/preferences';
import type { View } from '../../view/view';

/** By what steps of a kind are named, which of them count, and what counts them. */
export const NAMED: Record<Schemas['StepSort'], { dimension: string; metric: string; filters: string[] }> = {
  topics: { dimension: 'step.topic_name', metric: 'topic_views', filters: ['step.kind = topic', 'step.topic_name is not null'] },
  options: { dimension: 'step.option_title', metric: 'clicks', filters: ['step.option_title is not null'] },
  questions: { dimension: 'step.question_name', metric: 'questions_asked', filters: ['step.question_name is not null'] },
  intents: { dimension: 'message.intent', metric: 'recognised_messages', filters: ['message.intent is not null'] },
};

/** The names of the steps of a kind in a view, the commonest first. */
export function useSteps(view: View, of: Schemas['StepSort'], enabled = true): string[] {
  const { dimension, metric, filters } = NAMED[of];
  const answer = useAnswer({ ...view, compare: 'none' }, { metrics: [metric], dimensions: [dimension], filters, order: [metric], limit: 200 }, { enabled });
  return (answer.data?.rows ?? []).flatMap((row) => {
    const name = row.dimensions[dimension];
    return typeof name === 'string' && (row.metrics[metric]?.value ?? 0) > 0 ? [name] : [];
  });
}

export function StepChoice(props: { view: View; of: Schemas['StepSort']; value: string | undefined; choose: (value: string | undefined) => void }) {
  const { texts } = usePreferences();
  const found = useSteps(props.view, props.of);
  const isOther = props.value !== undefined && !found.some((name) => name.toLowerCase() === props.value?.toLowerCase());
  const chosen = found.find((name) => name.toLowerCase() === props.value?.toLowerCase()) ?? props.value ?? '';
  return (
    <label className="row small">
      {texts.topics.from}
      <select className="narrow-select" value={chosen} onChange={(event) => props.choose(event.target.value === '' ? undefined : event.target.value)}>
        <option value="">{texts.topics.anyStep}</option>
        {isOther && <option value={props.value}>{props.value}</option>}
        {found.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
