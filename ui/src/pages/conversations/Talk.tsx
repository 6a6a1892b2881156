/** What was said, as a chat, and between it what was done and which facts it made. */
import { Fragment, type ReactNode } from 'react';

import type { Schemas } from '../../api/client';
import { clock, inUnit, percent, seconds, whole, word } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import type { Texts } from '../../texts/en';
import { useView } from '../../view/use-view';

type Message = Schemas['MessageWithText'];
type Step = Schemas['Step'];
type Evidence = Schemas['Evidence'];
type Entry = { time: string; position: number; message: Message } | { time: string; position: number; step: Step };
/** Comments by the message that was rated, or by the event that brought them. */
type Comments = ReadonlyMap<string, string>;

/** In the order in which they happened; what has one place in a conversation stays as the server gave it. */
function inOrder(detail: Schemas['SessionDetail']): Entry[] {
  const entries: Entry[] = [
    ...detail.messages.map((message) => ({ time: message.time ?? '', position: message.position ?? 0, message })),
    ...detail.steps.map((step) => ({ time: step.time ?? '', position: step.position ?? 0, step })),
  ];
  return entries.sort((left, right) => left.position - right.position || left.time.localeCompare(right.time));
}

export function Talk({ detail, everything }: { detail: Schemas['SessionDetail']; everything: boolean }) {
  const { texts } = usePreferences();
  const entries = inOrder(detail).filter((entry) => everything || 'message' in entry);
  const turns = new Map<string, Evidence[]>();
  detail.evidence.forEach((one) => {
    const id = one.event_id ?? '';
    turns.set(id, [...(turns.get(id) ?? []), one]);
  });
  const comments: Comments = new Map(detail.comments.map((one) => [one.message_id ?? one.event_id, one.text]));
  const shown = new Set<string>();
  const turned = (id: string | null | undefined): ReactNode => {
    const all = id === null || id === undefined || shown.has(id) ? [] : (turns.get(id) ?? []);
    if (id !== null && id !== undefined) shown.add(id);
    return all.map((one) => (
      <li key={one.what} className="turned">
        {texts.session.whats[one.what]}
        {one.meaning !== undefined && one.meaning !== null && <span className="soft">{one.meaning}</span>}
      </li>
    ));
  };
  return (
    <ol className="talk">
      {entries.map((entry, place) => {
        const key = `${place} ${entry.position}`;
        return 'message' in entry ? (
          <Fragment key={key}>
            <Said message={entry.message} marked={turns.has(entry.message.event_id ?? '')} comment={comments.get(entry.message.event_id ?? '')} />
            {turned(entry.message.event_id)}
          </Fragment>
        ) : (
          <Fragment key={key}>
            <Did step={entry.step} comment={comments.get(entry.step.event_id ?? '')} />
            {turned(entry.step.event_id)}
          </Fragment>
        );
      })}
    </ol>
  );
}

const FLAGS = ['unmatched', 'ambiguous', 'rephrased', 'repeated', 'generated', 'copied', 'stopped', 'regenerated', 'left_after', 'last_before_handover', 'feedback_commented'] as const;

function Said({ message, marked, comment }: { message: Message; marked: boolean; comment: string | undefined }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const role = message.role ?? 'bot';
  const flags = FLAGS.filter((flag) => message[flag] === true);
  const thumbs = message.feedback === 'up' ? '👍' : message.feedback === 'down' ? '👎' : undefined;
  return (
    <li className={`said ${role}${marked ? ' marked' : ''}`}>
      <span className="meta">
        <span>{role === 'agent' && message.agent_id ? `${texts.session.roles.agent} ${message.agent_id}` : texts.session.roles[role]}</span>
        <time dateTime={message.time}>{clock(locale, view.zone, message.time ?? '')}</time>
        {typeof message.response_time === 'number' && <span>{texts.session.took(seconds(locale, message.response_time / 1e6))}</span>}
        {message.message_kind !== undefined && message.message_kind !== null && message.message_kind !== 'text' && <span>{word(message.message_kind, texts.words)}</span>}
      </span>
      <span className="bubble">{message.text ?? <em className="soft">{texts.session.noText}</em>}</span>
      <span className="meta">
        {message.intent !== undefined && message.intent !== null && (
          <span className="badge accent">
            {typeof message.confidence === 'number' ? texts.session.intent(message.intent, percent(locale, message.confidence, 0)) : message.intent}
          </span>
        )}
        {flags.map((flag) => (
          <span key={flag} className={flag === 'unmatched' || flag === 'left_after' ? 'badge bad' : 'badge'}>
            {texts.session.flags[flag]}
          </span>
        ))}
        {thumbs !== undefined && (
          <span role="img" aria-label={word(message.feedback ?? '', texts.words)}>
            {thumbs}
          </span>
        )}
        {comment !== undefined && <q>{comment}</q>}
      </span>
    </li>
  );
}

function Did({ step, comment }: { step: Step; comment: string | undefined }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const kind = step.step_kind ?? 'interaction';
  const { name, parts } = describe(step, texts, locale);
  return (
    <li className={`did ${kind}`}>
      <span>{texts.session.steps[kind] ?? word(kind, texts.words)}</span>
      <strong>{name}</strong>
      {parts.map((part) => (
        <span key={part}>{part}</span>
      ))}
      {comment !== undefined && <q>{comment}</q>}
      <time className="push" dateTime={step.time}>
        {clock(locale, view.zone, step.time ?? '')}
      </time>
    </li>
  );
}

/** A step in words: what it is called, and what else is known of it. */
function describe(step: Step, texts: Texts, locale: string): { name: string; parts: string[] } {
  const parts: (string | null | undefined)[] = [];
  const said = (text: string | null | undefined) => (text === null || text === undefined ? undefined : word(text, texts.words));
  const time = (value: number | null | undefined) => (typeof value === 'number' && value > 0 ? texts.session.took(seconds(locale, value / 1e6)) : undefined);
  let name: string | null | undefined;
  switch (step.step_kind) {
    case 'topic':
      name = step.topic_name ?? step.topic_id;
      parts.push(said(step.topic_trigger), said(step.visit_end), time(step.duration));
      break;
    case 'question':
      name = step.question_name ?? step.question_id;
      parts.push(said(step.question_result ?? step.question_stage), (step.question_attempts ?? 0) > 1 ? texts.session.attempts(whole(locale, step.question_attempts ?? 0)) : undefined, time(step.question_time));
      break;
    case 'option':
      name = step.option_title ?? step.option_id;
      parts.push(said(step.option_kind), said(step.option_stage), step.option_destination, time(step.option_time));
      break;
    case 'handover':
      name = said(step.handover_stage);
      parts.push(said(step.handover_trigger), step.queue, step.skill, step.agent_id, step.handover_reason, time(step.waiting_time));
      break;
    case 'model_call':
      name = step.model ?? step.tool;
      parts.push(step.tool === step.model ? undefined : step.tool, said(step.model_operation));
      if ((step.tokens_input ?? 0) + (step.tokens_output ?? 0) > 0) parts.push(texts.session.tokens(whole(locale, step.tokens_input ?? 0), whole(locale, step.tokens_output ?? 0)));
      parts.push(typeof step.cost === 'number' ? inUnit(locale, step.cost, 'dollars') : undefined, time(step.latency), said(step.finish_reason), step.error);
      break;
    case 'knowledge':
      name = said(step.knowledge_state);
      parts.push((step.sources_cited ?? step.sources_retrieved ?? []).join(', ') || undefined, time(step.latency));
      break;
    case 'survey':
      name = said(step.survey_kind);
      parts.push(said(step.survey_stage), step.survey_question, typeof step.survey_score === 'number' ? `${inUnit(locale, step.survey_score, 'sessions')} / ${inUnit(locale, step.survey_scale_maximum ?? 5, 'sessions')}` : undefined);
      break;
    case 'agent':
      name = step.agent_id;
      parts.push(step.skill, time(step.first_response_time));
      break;
    case 'error':
      name = step.error;
      parts.push(step.tool ?? step.model);
      break;
    default:
      name = said(step.interaction);
  }
  return { name: name ?? '', parts: [...new Set(parts.filter((part): part is string => typeof part === 'string' && part !== ''))] };
}
