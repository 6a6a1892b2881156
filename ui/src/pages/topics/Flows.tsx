/** What comes after or before a step, as a Sankey diagram and as a table. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';

import type { Schemas } from '../../api/client';
import { useBefore } from '../../api/before';
import { useFlows } from '../../api/paths';
import { Canvas, Frame } from '../../charts/Frame';
import { Choice } from '../../components/Choice';
import { Answered, Empty } from '../../components/States';
import { Before, Part, Share } from '../../components/Value';
import { usePreferences } from '../../shell/preferences';
import type { View } from '../../view/view';
import { nodeName, sankeyOf } from './sankey-options';
import { StepChoice } from './StepChoice';

type Result = Schemas['FlowResult'];

const DEPTHS = ['1', '2', '3', '4', '5', '6'] as const;
const SORTS: Schemas['StepSort'][] = ['topics', 'options', 'questions', 'intents'];

const load = () => import('../../charts/sankey').then((module) => module.init);

export function Flows({ view, step: fixed, direction: fixedDirection }: { view: View; step?: string; direction?: Schemas['FlowDirection'] }) {
  const { texts } = usePreferences();
  const navigate = useNavigate();
  const search = useSearch({ strict: false, select: ({ step, direction, depth, of }) => ({ step, direction, depth, of }), structuralSharing: true });
  const of = SORTS.find((one) => one === search.of) ?? 'topics';
  const depth = DEPTHS.find((one) => one === search.depth) ?? (fixed === undefined ? '3' : '2');
  const direction = fixedDirection ?? (search.direction === 'backward' ? 'backward' : 'forward');
  const step = fixed ?? search.step;
  const flows = useFlows(view, { steps: [of], direction, depth: Number(depth), limit: 8, loops: 'repeats', ...(step !== undefined && { step }) });
  const earlier = useBefore(view);
  const before = useFlows(earlier ?? view, { steps: [of], direction, depth: Number(depth), limit: 50, loops: 'repeats', ...(step !== undefined && { step }) }, earlier !== undefined);
  const change = (to: Record<string, string | undefined>) => void navigate({ to: '.', search: ((before: object) => ({ ...before, ...to })) as never, resetScroll: false });
  const title = direction === 'forward' ? texts.topics.flowsForward(step) : texts.topics.flowsBackward(step);
  const tools = fixed === undefined && (
    <>
      <StepChoice view={view} of={of} value={step} choose={(value) => change({ step: value })} />
      <Choice
        label={texts.topics.direction}
        value={direction}
        options={[['forward', texts.topics.forward], ['backward', texts.topics.backward]] as const}
        choose={(value) => change({ direction: value === 'forward' ? undefined : value })}
      />
      <Choice label={texts.topics.stepsOf} value={of} options={SORTS.map((one) => [one, texts.topics.sorts[one]] as const)} choose={(value) => change({ of: value === 'topics' ? undefined : value, step: undefined })} />
      <Choice label={texts.topics.depth} value={depth} options={DEPTHS.map((one) => [one, one] as const)} choose={(value) => change({ depth: value })} />
    </>
  );
  return (
    <Answered asked={flows} height={560}>
      {(answer) => <Diagram answer={answer} before={earlier === undefined || before.isPlaceholderData ? undefined : before.data} title={title} tools={tools} onStep={fixed === undefined ? (name) => change({ step: name }) : undefined} />}
    </Answered>
  );
}

function Diagram({ answer, before, title, tools, onStep }: { answer: Result; before: Result | undefined; title: string; tools: React.ReactNode; onStep: ((name: string) => void) | undefined }) {
  const { texts, locale } = usePreferences();
  const options = useCallback((width: number) => sankeyOf({ answer, title, texts, locale, width }), [answer, title, texts, locale]);
  if (answer.nodes.length === 0) {
    return (
      <section className="card" aria-label={title}>
        <header>
          <h2>{title}</h2>
          <div className="row tools">{tools}</div>
        </header>
        <Empty reason={texts.topics.noSteps} cure={texts.topics.noStepsCure} />
      </section>
    );
  }
  return (
    <Frame
      title={title}
      hint={texts.topics.flowsHint}
      tools={tools}
      rows={() => [
        ['depth', 'step', 'sessions', 'share', 'ended', 'resolution_rate', 'escalation_rate', 'abandon_rate', 'filter'],
        ...answer.nodes.map((node) => [node.depth, nodeName(texts, node.step), node.sessions, node.share.value ?? null, node.ended.value ?? null, node.resolution_rate.value ?? null, node.escalation_rate.value ?? null, node.abandon_rate.value ?? null, node.filter ?? null]),
      ]}
      table={<FlowTable answer={answer} before={before} title={title} />}
      drawing={(place) => (
        <>
          <Canvas
            title={title}
            height={480}
            place={place}
            options={options}
            load={load}
            onChoose={({ data }) => {
              const key = (data as { step?: string }).step;
              if (key !== undefined) onStep?.(key);
            }}
          />
          <details>
            <summary>{texts.topics.asList}</summary>
            <FlowTable answer={answer} before={before} title={title} />
          </details>
        </>
      )}
    />
  );
}

function FlowTable({ answer, before, title }: { answer: Result; before: Result | undefined; title: string }) {
  const { texts } = usePreferences();
  const backward = answer.direction === 'backward';
  return (
    // A region that scrolls is reached from the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="bounded" tabIndex={0} role="group" aria-label={title}>
      <table>
        <thead>
          <tr>
            <th scope="col" className="amount">{texts.topics.distance}</th>
            <th scope="col">{texts.topics.step}</th>
            <th scope="col" className="amount">{texts.outcomes.counts}</th>
            <th scope="col" className="amount">{backward ? texts.topics.beganHere : texts.topics.endedHere}</th>
            <th scope="col" className="amount">{texts.outcomes.drivenOutcomes.resolution}</th>
            <th scope="col" className="amount">{texts.outcomes.drivenOutcomes.escalation}</th>
            <th scope="col" className="amount">{texts.outcomes.drivenOutcomes.abandon}</th>
          </tr>
        </thead>
        <tbody>
          {answer.nodes.map((node) => (
            <tr key={`${node.depth} ${node.step?.key ?? ''}`}>
              <td className="amount">{node.depth}</td>
              <th scope="row">{nodeName(texts, node.step)}</th>
              <td className="amount">
                <Part count={node.sessions} share={node.share} filter={node.filter} />
                {node.step != null && <Before value={before?.nodes.find((one) => one.depth === node.depth && one.step?.key === node.step?.key)?.share} />}
              </td>
              <td className="amount">
                <Part count={node.ended.numerator ?? 0} share={node.ended} filter={node.ended_filter} />
              </td>
              {[node.resolution_rate, node.escalation_rate, node.abandon_rate].map((rate, place) => (
                <td className="amount" key={place}>
                  <Share value={rate} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
