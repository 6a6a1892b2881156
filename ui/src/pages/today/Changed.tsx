/** What changed more than by chance, and what the releases did. */
import { useAnswer } from '../../api/questions';
import { AnswerTable } from '../../components/AnswerTable';
import { changeOf, Metric } from '../../components/Metric';
import { Answered } from '../../components/States';
import { useKnown } from '../../components/use-known';
import { useNames } from '../../components/use-names';
import { usePreferences } from '../../shell/preferences';
import type { View } from '../../view/view';

/** Headline numbers, each of which has a good direction. */
const METRICS = ['engagement_rate', 'resolution_rate', 'escalation_rate', 'abandon_rate', 'bounce_rate', 'csat_score', 'csat_response_rate', 'feedback_score', 'fallback_rate', 'handover_session_rate', 'response_time_median', 'model_error_rate', 'tool_error_rate', 'session_duration_median'];
/** How many changes are shown; the surest first. */
const MOST = 6;

export function Changed({ view }: { view: View }) {
  const { texts, locale } = usePreferences();
  const metrics = useKnown(METRICS);
  const { names } = useNames();
  const compared: View = { ...view, compare: view.compare === 'none' ? 'previous' : view.compare };
  const answer = useAnswer(compared, { metrics: metrics ?? [] }, { enabled: metrics !== undefined });
  const versions = useAnswer({ ...view, compare: 'none' }, { metrics: ['sessions', 'resolution_rate', 'fallback_session_rate'], dimensions: ['bot_version'], filters: ['bot_version is not null'], order: ['sessions'], limit: 5 });
  return (
    <section className="card" aria-label={texts.today.changes}>
      <header>
        <h2>{texts.today.changes}</h2>
      </header>
      <Answered asked={answer} height={130}>
        {(all) => {
          const changed = all.definitions
            .filter((definition) => {
              const value = all.totals[definition.id];
              const kind = value === undefined ? null : changeOf(texts, locale, value, definition)?.kind;
              return kind === 'better' || kind === 'worse';
            })
            .sort((left, right) => (all.totals[left.id]?.compare?.p_value ?? 1) - (all.totals[right.id]?.compare?.p_value ?? 1))
            .slice(0, MOST);
          if (changed.length === 0) return <p className="soft">{texts.today.noChanges}</p>;
          return (
            <div className="grid tight">
              {changed.map((definition) => (
                <Metric key={definition.id} definition={definition} value={all.totals[definition.id]} basis={false} />
              ))}
            </div>
          );
        }}
      </Answered>
      <h3>{texts.today.versions}</h3>
      <Answered asked={versions} height={140}>
        {(all) => (all.rows.length === 0 ? <p className="soft">{texts.today.noVersions}</p> : <AnswerTable answer={all} title={texts.today.versions} names={names} compact />)}
      </Answered>
    </section>
  );
}
