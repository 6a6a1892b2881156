/** Is anything wrong now? Who waits, what is open, and what is unlike the same weekday before. */
import type { QueryResult } from '../../api/client';
import { useAnswer, useLive, useSessions } from '../../api/questions';
import { changeOf, Metric } from '../../components/Metric';
import { Answered } from '../../components/States';
import { useKnown } from '../../components/use-known';
import { instant } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import type { View } from '../../view/view';
import { likeLastWeek } from './days';

/** The numbers of the moment that stand first. */
const LIVE = ['waiting_users', 'longest_wait', 'open_sessions', 'agents_serving'];
/** What is watched by the day. */
const WATCHED = ['sessions', 'engagement_rate', 'resolution_rate', 'handover_session_rate', 'fallback_session_rate', 'negative_feedback', 'model_error_rate', 'first_response_time_median'];

export function Now({ view }: { view: View }) {
  const { texts, locale } = usePreferences();
  const now: View = { ...view, range: 'all', compare: 'none' };
  const live = useLive(view);
  const last = useSessions(now, { limit: 1 });
  const watched = useKnown(WATCHED);
  const { range, compare } = likeLastWeek(view.zone);
  const unlike = useAnswer(view, { metrics: watched ?? [], range, compare }, { enabled: watched !== undefined });
  const lastTime = last.data?.pages[0]?.sessions[0]?.start_time;
  return (
    <section className="card" aria-label={texts.today.wrong}>
      <header>
        <h2>{texts.today.wrong}</h2>
      </header>
      <Answered asked={live} height={96}>
        {(answer) => (
          <div className="grid tight two">
            {answer.definitions
              .filter((definition) => LIVE.includes(definition.id))
              .sort((left, right) => LIVE.indexOf(left.id) - LIVE.indexOf(right.id))
              .map((definition) => (
                <Metric key={definition.id} definition={definition} value={answer.totals[definition.id]} large basis={false} />
              ))}
          </div>
        )}
      </Answered>
      {lastTime !== undefined && lastTime !== null && <p className="soft">{texts.today.lastMessage(instant(locale, view.zone, lastTime))}</p>}
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
