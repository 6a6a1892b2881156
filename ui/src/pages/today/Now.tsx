/** Is anything wrong now? Who waits, what is open, and what is unlike the same weekday before. */
import { Link } from '@tanstack/react-router';

import type { QueryResult } from '../../api/client';
import { useAnswer, useSessions } from '../../api/questions';
import { changeOf } from '../../components/Metric';
import { Answered } from '../../components/States';
import { useKnown } from '../../components/use-known';
import { instant, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import type { View } from '../../view/view';
import { likeLastWeek } from './days';

/** Who asked for a person and has none yet. Whoever asked a day ago no longer waits. */
const WAITING = 'handover_stage in (requested, queued)';
/** What is watched by the day. */
const WATCHED = ['sessions', 'engagement_rate', 'resolution_rate', 'handover_session_rate', 'fallback_session_rate', 'negative_feedback', 'model_error_rate', 'first_response_time_median'];

export function Now({ view }: { view: View }) {
  const { texts, locale } = usePreferences();
  const now: View = { ...view, range: '24h', compare: 'none' };
  const waiting = useAnswer(now, { metrics: ['sessions'], filters: [WAITING] });
  const open = useAnswer({ ...now, range: 'all' }, { metrics: ['sessions'], filters: ['open'] });
  const last = useSessions({ ...now, range: 'all' }, { limit: 1 });
  const watched = useKnown(WATCHED);
  const { range, compare } = likeLastWeek(view.zone);
  const unlike = useAnswer(view, { metrics: watched ?? [], range, compare }, { enabled: watched !== undefined });
  const lastTime = last.data?.pages[0]?.sessions[0]?.start_time;
  return (
    <section className="card" aria-label={texts.today.wrong}>
      <header>
        <h2>{texts.today.wrong}</h2>
      </header>
      <Answered asked={waiting} height={30}>
        {(answer) => {
          const count = answer.totals.sessions?.value ?? 0;
          return (
            <p className="row">
              <span className={count > 0 ? 'dot escalated' : 'dot resolved'} />
              <Link to="/conversations" search={{ range: '24h', filter: [...view.filter, WAITING] }}>
                {count > 0 ? texts.today.waiting(whole(locale, count)) : texts.today.waitingNobody}
              </Link>
            </p>
          );
        }}
      </Answered>
      <Answered asked={open} height={24}>
        {(answer) => (
          <p className="row">
            <span className="dot" />
            <Link to="/conversations" search={{ range: 'all', filter: [...view.filter, 'open'] }}>
              {texts.today.openSessions(whole(locale, answer.totals.sessions?.value ?? 0))}
            </Link>
            {lastTime !== undefined && lastTime !== null && <span className="soft">{texts.today.lastMessage(instant(locale, view.zone, lastTime))}</span>}
          </p>
        )}
      </Answered>
      <Answered asked={unlike} height={100}>
        {(answer) => <Unlike answer={answer} />}
      </Answered>
    </section>
  );
}

function Unlike({ answer }: { answer: QueryResult }) {
  const { texts, locale } = usePreferences();
  const out = answer.definitions.filter((definition) => {
    const verdict = answer.totals[definition.id]?.compare?.verdict;
    return verdict === 'worse' || (verdict === 'changed' && definition.id === 'sessions');
  });
  if (out.length === 0) {
    return (
      <p className="row">
        <span className="dot resolved" />
        {texts.today.fine}
      </p>
    );
  }
  return (
    <ul className="stack" style={{ gap: 4 }}>
      {out.map((definition) => {
        const value = answer.totals[definition.id];
        return (
          <li key={definition.id} className="row">
            <span className="dot abandoned" />
            {texts.today.outOfRange(definition.name)}
            <span className="soft">{value && changeOf(texts, locale, value, definition)?.text}</span>
          </li>
        );
      })}
    </ul>
  );
}
