/** The columns of the list of sessions. */
import type { ReactNode } from 'react';

import type { Session } from '../../api/client';
import { inUnit, instant, seconds, whole, word } from '../../format/format';
import type { Texts } from '../../texts/en';

export interface Shown {
  texts: Texts;
  locale: string;
  zone: string;
}

export interface Column {
  id: string;
  /** In pixels; what is left over goes to the first column. */
  width: number;
  amount?: boolean;
  cell: (session: Session, shown: Shown) => ReactNode;
}

function text(id: keyof Session, width: number): Column {
  return { id, width, cell: (session) => (session[id] as string | null | undefined) ?? '' };
}

function count(id: keyof Session, width = 96): Column {
  return {
    id,
    width,
    amount: true,
    cell: (session, shown) => {
      const value = session[id];
      return typeof value === 'number' ? whole(shown.locale, value) : '';
    },
  };
}

export const COLUMNS: readonly Column[] = [
  { id: 'start_time', width: 170, cell: (session, shown) => instant(shown.locale, shown.zone, session.start_time ?? '') },
  {
    id: 'outcome',
    width: 126,
    cell: (session, shown) => (
      <span className="row" style={{ gap: 6, flexWrap: 'nowrap' }}>
        <span className={`dot ${session.outcome ?? 'none'}`} />
        {shown.texts.outcomes.outcome[session.outcome ?? 'none']}
      </span>
    ),
  },
  text('topic_name', 190),
  text('first_intent', 170),
  text('channel', 100),
  count('user_messages', 136),
  count('messages'),
  {
    id: 'duration',
    width: 120,
    amount: true,
    // Lengths of time of facts are microseconds.
    cell: (session, shown) => (typeof session.duration === 'number' ? seconds(shown.locale, session.duration / 1e6) : ''),
  },
  count('fallbacks'),
  {
    id: 'csat_score',
    width: 110,
    amount: true,
    cell: (session, shown) => (typeof session.csat_score === 'number' ? inUnit(shown.locale, session.csat_score, 'sessions') : ''),
  },
  { id: 'handover_stage', width: 150, cell: (session) => (session.handover_stage ? word(session.handover_stage) : '') },
  text('country', 90),
  text('language', 100),
  text('device', 100),
  text('bot', 150),
  text('bot_version', 100),
  text('agent_id', 130),
  {
    id: 'model_cost',
    width: 110,
    amount: true,
    cell: (session, shown) => (typeof session.model_cost === 'number' ? inUnit(shown.locale, session.model_cost, 'dollars') : ''),
  },
  count('tokens_output', 130),
  text('user_id', 190),
  text('conversation_id', 200),
];

/** What is shown unless somebody chose. */
export const FIRST_COLUMNS = ['start_time', 'outcome', 'topic_name', 'first_intent', 'channel', 'user_messages', 'duration', 'fallbacks', 'csat_score', 'handover_stage'];
