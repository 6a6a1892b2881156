/** How many come through steps in order: built by choosing the steps, kept in the address. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';

import type { Schemas } from '../../api/client';
import { useBefore } from '../../api/before';
import { useFunnel, usePaths } from '../../api/paths';
import { useDimensions } from '../../api/questions';
import type { Cells } from '../../charts/save';
import { Card } from '../../components/Cards';
import { Choice } from '../../components/Choice';
import { SaveTable } from '../../components/SaveTable';
import { Scrolls } from '../../components/Scrolls';
import { Answered, Empty } from '../../components/States';
import { Before, Part, Share } from '../../components/Value';
import { percent, seconds, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { is, type View } from '../../view/view';
import { useSteps } from './StepChoice';
import { useLabels } from '../../components/use-labels';

type Sort = 'topics' | 'questions' | 'options' | 'intents' | 'unmatched' | 'handover' | 'survey' | 'written';

const SORTS: Sort[] = ['topics', 'questions', 'options', 'intents', 'unmatched', 'handover', 'survey', 'written'];
/** Steps that need no name. */
const FIXED: Partial<Record<Sort, string>> = { unmatched: 'message.unmatched', handover: 'step.handover_stage = requested', survey: 'step.survey_stage = answered' };
const WITHIN = ['any', '10m', '1h', '1d', '7d'] as const;

function conditionOf(sort: Sort, name: string): string {
  switch (sort) {
    case 'topics':
      return `step.kind = topic and ${is('step.topic_name', name)}`;
    case 'questions':
      return `step.kind = question and ${is('step.question_name', name)}`;
    case 'options':
      return `step.option_stage = chosen and ${is('step.option_title', name)}`;
    case 'intents':
      return is('message.intent', name);
    default:
      return FIXED[sort] ?? name;
  }
}

/** A condition for people, where it is one of those that are offered. */
function said(condition: string, names: Record<Sort, string>): string {
  const fixed = SORTS.find((sort) => FIXED[sort] === condition);
  if (fixed !== undefined) return names[fixed];
  const found = /^(?:step\.kind = topic and |step\.kind = question and |step\.option_stage = chosen and )?(?:step|message)\.(topic_name|question_name|option_title|intent) = "((?:[^"]|"")*)"$/.exec(condition);
  const sorts: Record<string, Sort> = { topic_name: 'topics', question_name: 'questions', option_title: 'options', intent: 'intents' };
  const sort = sorts[found?.[1] ?? ''];
  return sort === undefined ? condition : `${names[sort]}: ${(found?.[2] ?? '').replaceAll('""', '"')}`;
}

export function Funnel({ view }: { view: View }) {
  const { texts } = usePreferences();
  const navigate = useNavigate();
  const search = useSearch({ from: '/topics', select: ({ through, within, unit, by }) => ({ through, within, unit, by }), structuralSharing: true });
  const dimensions = useDimensions();
  const through = search.through ?? [];
  const within = WITHIN.find((one) => one === search.within) ?? 'any';
  const unit: Schemas['FunnelUnit'] = search.unit === 'user' ? 'user' : 'session';
  const by = search.by ?? '';
  const change = (to: { through?: string[] | undefined; within?: string | undefined; unit?: string | undefined; by?: string | undefined }) =>
    void navigate({ to: '/topics', search: ((before: object) => ({ ...before, ...to })) as never, resetScroll: false });
  const set = (steps: string[]) => change({ through: steps.length === 0 ? undefined : steps });
  const move = (from: number, to: number) => {
    const steps = [...through];
    const [step] = steps.splice(from, 1);
    if (step !== undefined) steps.splice(to, 0, step);
    set(steps);
  };
  const funnel = useFunnel(view, { through, unit, ...(within !== 'any' && { within }), ...(by !== '' && { by }), limit: 12 }, through.length >= 2);
  const earlier = useBefore(view);
  const before = useFunnel(earlier ?? view, { through, unit, ...(within !== 'any' && { within }), ...(by !== '' && { by }), limit: 50 }, through.length >= 2 && earlier !== undefined);
  const cuts = (dimensions.data?.dimensions ?? []).filter((one) => !one.many_valued && !/^(message|step|user)\.|^(minute|quarter_hour|hour|day|week|month|quarter|year|environment|hour_of_day|weekday)$/.test(one.id));
  const tools = (
    <>
      <Choice label={texts.topics.within} value={within} options={WITHIN.map((one) => [one, texts.topics.withins[one] ?? one] as const)} choose={(value) => change({ within: value === 'any' ? undefined : value })} />
      <Choice label={texts.topics.unit} value={unit} options={[['session', texts.topics.units.session], ['user', texts.topics.units.user]] as const} choose={(value) => change({ unit: value === 'session' ? undefined : value })} />
      <Choice label={texts.outcomes.driversBy} value={by} options={[['', texts.topics.notCut], ...cuts.map((one) => [one.id, one.name] as const)]} choose={(value) => change({ by: value === '' ? undefined : value })} />
    </>
  );
  return (
    <>
      <Card title={texts.topics.funnelSteps} hint={texts.topics.funnelHint}>
        <ol className="funnel-steps">
          {through.map((condition, place) => (
            <li key={`${place} ${condition}`} className="row">
              <span className="badge">{place + 1}</span>
              <span title={condition}>{said(condition, texts.topics.funnelSorts)}</span>
              <span className="row push" style={{ flexWrap: 'nowrap' }}>
                <button type="button" className="button quiet icon" disabled={place === 0} aria-label={texts.topics.earlier(place + 1)} onClick={() => move(place, place - 1)}>
                  <span aria-hidden="true">↑</span>
                </button>
                <button type="button" className="button quiet icon" disabled={place === through.length - 1} aria-label={texts.topics.later(place + 1)} onClick={() => move(place, place + 1)}>
                  <span aria-hidden="true">↓</span>
                </button>
                <button type="button" className="button quiet icon" aria-label={texts.topics.removeStep(place + 1)} onClick={() => set(through.filter((_, other) => other !== place))}>
                  <span aria-hidden="true">×</span>
                </button>
              </span>
            </li>
          ))}
        </ol>
        <AddStep view={view} add={(condition) => set([...through, condition])} />
      </Card>
      {through.length < 2 ? (
        <Suggestion view={view} use={set} />
      ) : (
        <Answered asked={funnel} height={320}>
          {(answer) => <Levels answer={answer} before={earlier === undefined || before.isPlaceholderData ? undefined : before.data} by={by} tools={tools} />}
        </Answered>
      )}
    </>
  );
}

function AddStep({ view, add }: { view: View; add: (condition: string) => void }) {
  const { texts } = usePreferences();
  const [sort, setSort] = useState<Sort>('topics');
  const [name, setName] = useState('');
  const isNamed = sort === 'topics' || sort === 'questions' || sort === 'options' || sort === 'intents';
  const names = useSteps(view, isNamed ? sort : 'topics', isNamed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (FIXED[sort] === undefined && name.trim() === '') return;
    add(conditionOf(sort, name.trim()));
    setName('');
  };
  return (
    <form className="row" onSubmit={submit}>
      <Choice
        label={texts.topics.addStep}
        value={sort}
        options={SORTS.map((one) => [one, texts.topics.funnelSorts[one]] as const)}
        choose={(value) => {
          setSort(value);
          setName('');
        }}
      />
      {isNamed && (
        <select className="narrow-select" aria-label={texts.topics.funnelSorts[sort]} value={name} onChange={(event) => setName(event.target.value)}>
          <option value="">{texts.topics.choose}</option>
          {names.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      )}
      {sort === 'written' && <input type="text" className="mono grows" aria-label={texts.topics.funnelSorts.written} placeholder="step.topic_kind = escalate" value={name} onChange={(event) => setName(event.target.value)} spellCheck={false} />}
      <button type="submit" className="button" disabled={FIXED[sort] === undefined && name.trim() === ''}>
        {texts.topics.add}
      </button>
    </form>
  );
}

/** The commonest path of several topics, to begin with. */
function Suggestion({ view, use }: { view: View; use: (through: string[]) => void }) {
  const { texts } = usePreferences();
  const paths = usePaths(view, { loops: 'cycles', first: 4, limit: 50 });
  const found = paths.data?.paths.filter((path) => path.steps.length >= 2).sort((left, right) => right.steps.length * right.sessions - left.steps.length * left.sessions)[0];
  return (
    <Empty reason={texts.topics.funnelEmpty} cure={texts.topics.funnelEmptyCure}>
      {found !== undefined && (
        <button type="button" className="button" onClick={() => use(found.steps.map((step) => conditionOf('topics', step.name)))}>
          {texts.topics.funnelExample(found.steps.map((step) => step.name).join(' → '))}
        </button>
      )}
    </Empty>
  );
}

function Levels({ answer, before, by, tools }: { answer: Schemas['FunnelResult']; before: Schemas['FunnelResult'] | undefined; by: string; tools: React.ReactNode }) {
  const labels = useLabels();
  const { texts, locale } = usePreferences();
  const title = texts.topics.funnel;
  const groups = answer.groups.map((group) => ({ name: labels.of(by, group.value ?? null), levels: group.levels, before: before?.groups.find((one) => one.value === group.value)?.levels }));
  const all = [{ name: '', levels: answer.levels, before: before?.levels }, ...groups];
  const save = (): Cells => [
      ['group', 'step', 'condition', 'reached', 'from_previous', 'from_start', 'dropped', 'p50_seconds', 'p90_seconds', 'filter'],
      ...all.flatMap(({ name, levels }) =>
        levels.map((level, place) => [name, place + 1, level.condition, level.reached, level.from_previous.value ?? null, level.from_start.value ?? null, level.dropped, level.time?.p50 ?? null, level.time?.p90 ?? null, level.filter ?? null]),
      ),
    ];
  return (
    <Card
      title={title}
      hint={texts.topics.funnelReads}
      tools={
        <>
          {tools}
          <SaveTable title={title} rows={save} />
        </>
      }
    >
      {all.map(({ name, levels, before: earlier }) => (
        <div key={name} className="stack" style={{ gap: 4 }}>
          {groups.length > 0 && <h3>{name === '' ? texts.chart.total : name}</h3>}
          <Scrolls label={`${title} ${name}`}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{texts.topics.step}</th>
                  <th scope="col" className="amount">{texts.topics.reached}</th>
                  <th scope="col" className="impact-column">{texts.topics.fromStart}</th>
                  <th scope="col" className="amount">{texts.topics.fromPrevious}</th>
                  <th scope="col" className="amount">{texts.topics.dropped}</th>
                  <th scope="col" className="amount">{texts.topics.time}</th>
                </tr>
              </thead>
              <tbody>
                {levels.map((level, place) => (
                  <tr key={`${place} ${level.condition}`}>
                    <th scope="row" title={level.condition}>
                      {place + 1}. {said(level.condition, texts.topics.funnelSorts)}
                    </th>
                    <td className="amount">
                      <Part count={level.reached} filter={level.filter} />
                    </td>
                    <td>
                      <span className="funnel-bar">
                        <i style={{ width: `${(level.from_start.value ?? 0) * 100}%` }} />
                      </span>
                      <span className="small">{typeof level.from_start.value === 'number' ? percent(locale, level.from_start.value) : texts.number.noData}</span>
                      <Before value={earlier?.[place]?.from_start} />
                    </td>
                    <td className="amount">
                      <Share value={level.from_previous} />
                      <Before value={earlier?.[place]?.from_previous} />
                    </td>
                    <td className="amount">{place < levels.length - 1 ? <Part count={level.dropped} filter={level.dropped_filter} /> : ''}</td>
                    <td className="amount">
                      {level.time != null && (
                        <>
                          {seconds(locale, level.time.p50)}
                          <small>{texts.topics.nineOfTen(seconds(locale, level.time.p90), whole(locale, level.time.n))}</small>
                        </>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scrolls>
        </div>
      ))}
    </Card>
  );
}
