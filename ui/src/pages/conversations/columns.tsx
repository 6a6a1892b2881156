/** The columns of the list of sessions. */
import type { ReactNode } from 'react';

import type { Session } from '../../api/client';
import { instant, inUnit, moment, seconds, whole, word } from '../../format/format';
import type { Texts } from '../../texts/en';

export interface Shown {
  texts: Texts;
  locale: string;
  zone: string;
  /** A value of a dimension for people. */
  label: (dimension: string, value: string | null) => string;
}

export interface Column {
  id: keyof Session;
  /** The least width, in pixels. */
  width: number;
  /** How much of the room that is left over it takes. */
  grows: number;
  amount?: boolean;
  /** Undefined where the session has no such value. */
  text: (session: Session, shown: Shown) => string | undefined;
  /** How it is drawn, where that is more than its text. */
  cell?: (session: Session, shown: Shown) => ReactNode;
  /** What is told of it when it is pointed at; its text unless it says else. */
  hint?: (session: Session, shown: Shown) => string;
}

function text(id: keyof Session, width: number, grows = 1): Column {
  return {
    id,
    width,
    grows,
    text: (session, shown) => {
      const value = session[id] as string | null | undefined;
      return value == null ? undefined : shown.label(id, value);
    },
  };
}

function amount(id: keyof Session, width: number, write: (value: number, locale: string) => string): Column {
  return {
    id,
    width,
    grows: 0.4,
    amount: true,
    text: (session, shown) => {
      const value = session[id];
      return typeof value === 'number' ? write(value, shown.locale) : undefined;
    },
  };
}

function count(id: keyof Session, width = 80): Column {
  return amount(id, width, (value, locale) => whole(locale, value));
}

/** So wide that the ones shown first fit a window of 1280 pixels. */
export const COLUMNS: readonly Column[] = [
  {
    id: 'start_time',
    width: 138,
    grows: 0.2,
    text: (session, shown) => moment(shown.locale, shown.zone, session.start_time ?? ''),
    hint: (session, shown) => instant(shown.locale, shown.zone, session.start_time ?? ''),
  },
  {
    id: 'outcome',
    width: 120,
    grows: 0.2,
    text: (session, shown) => shown.texts.outcomes.outcome[session.outcome ?? 'none'],
    cell: (session, shown) => (
      <span className="row" style={{ gap: 6, flexWrap: 'nowrap' }}>
        <span className={`dot ${session.outcome ?? 'none'}`} />
        {shown.texts.outcomes.outcome[session.outcome ?? 'none']}
      </span>
    ),
  },
  text('topic_name', 102, 1.4),
  text('first_intent', 102, 1.4),
  text('channel', 94, 0.6),
  count('user_messages', 94),
  count('messages'),
  // Lengths of time of facts are microseconds.
  amount('duration', 90, (value, locale) => seconds(locale, value / 1e6)),
  count('fallbacks', 76),
  amount('csat_score', 84, (value, locale) => inUnit(locale, value, 'sessions')),
  { id: 'handover_stage', width: 92, grows: 0.6, text: (session, shown) => (session.handover_stage ? word(session.handover_stage, shown.texts.words) : undefined) },
  text('country', 100),
  text('language', 100),
  text('device', 90),
  text('bot', 120),
  text('bot_version', 84, 0.4),
  text('agent_id', 120),
  amount('model_cost', 92, (value, locale) => inUnit(locale, value, 'dollars')),
  count('tokens_output', 92),
  text('user_id', 180),
  text('conversation_id', 200),
];

/** What is shown unless somebody chose. */
export const FIRST_COLUMNS: readonly string[] = ['start_time', 'outcome', 'topic_name', 'first_intent', 'channel', 'user_messages', 'duration', 'fallbacks', 'csat_score', 'handover_stage'];
