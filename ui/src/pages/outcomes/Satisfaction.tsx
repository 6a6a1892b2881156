/** What users say: the survey, its comments, and thumbs. */
import { useAnswer, useSessions } from '../../api/questions';
import { Chart } from '../../charts/Chart';
import { seriesByMetric } from '../../charts/data';
import { Metric } from '../../components/Metric';
import { QuickLink } from '../../components/QuickLink';
import { SessionLink } from '../../components/SessionLink';
import { Answered, Empty, Failed, Loading } from '../../components/States';
import { inUnit, instant } from '../../format/format';
import { usePreferences, useTexts } from '../../shell/preferences';
import { grainOf, type View } from '../../view/view';
import { useLabels } from '../../components/use-labels';

export function Satisfaction({ view }: { view: View }) {
  const labels = useLabels();
  const texts = useTexts();
  const survey = useAnswer(view, { metrics: ['satisfaction'] });
  const distribution = useAnswer({ ...view, compare: 'none' }, { metrics: ['csat_votes'], dimensions: ['csat_score'], filters: ['csat_score is not null'], order: ['csat_score asc'] });
  const trend = useAnswer({ ...view, compare: 'none' }, { metrics: ['csat_score'], grain: grainOf(view) });
  const thumbs = useAnswer(view, { metrics: ['feedback', 'feedback_balance'] });
  return (
    <>
      <h2>{texts.outcomes.satisfaction}</h2>
      <section className="card" aria-label={texts.outcomes.satisfaction}>
        <Answered asked={survey} height={90}>
          {(answer) => (
            <div className="grid tight">
              {answer.definitions.map((definition) => (
                <Metric key={definition.id} definition={definition} value={answer.totals[definition.id]} />
              ))}
            </div>
          )}
        </Answered>
      </section>
      <div className="grid wide">
        <Answered asked={distribution} height={300}>
          {(answer) => <Chart title={texts.outcomes.distribution} kind="bar" height={220} stepName={texts.outcomes.answer} data={seriesByMetric(labels, answer)} />}
        </Answered>
        <Answered asked={trend} height={300}>
          {(answer) => <Chart title={texts.outcomes.trend} kind="line" height={220} data={seriesByMetric(labels, answer)} />}
        </Answered>
      </div>
      <div className="grid wide">
        <section className="card" aria-label={texts.outcomes.thumbs}>
          <header>
            <h2>{texts.outcomes.thumbs}</h2>
          </header>
          <Answered asked={thumbs} height={160}>
            {(answer) => (
              <div className="grid tight">
                {answer.definitions.map((definition) => (
                  <Metric key={definition.id} definition={definition} value={answer.totals[definition.id]} basis={false} />
                ))}
              </div>
            )}
          </Answered>
          <h3>{texts.outcomes.balance}</h3>
          <div className="row">
            {(
              [
                ['more_positive', texts.outcomes.morePositive],
                ['more_negative', texts.outcomes.moreNegative],
                ['only_positive', texts.outcomes.onlyPositive],
              ] as const
            ).map(([filter, name]) => (
              <QuickLink key={filter} className="button" to="/conversations" search={{ filter: [...view.filter, filter] }}>
                {name}
              </QuickLink>
            ))}
          </div>
        </section>
        <Comments view={view} />
      </div>
    </>
  );
}

function Comments({ view }: { view: View }) {
  const { texts, locale } = usePreferences();
  const sessions = useSessions(view, { filters: ['csat_commented'], limit: 8 });
  const shown = sessions.data?.pages[0]?.sessions ?? [];
  return (
    <section className="card" aria-label={texts.outcomes.comments}>
      <header>
        <div>
          <h2>{texts.outcomes.comments}</h2>
          <p className="soft small">{texts.outcomes.commentsHint}</p>
        </div>
      </header>
      {sessions.isPending && <Loading height={180} />}
      {sessions.isError && <Failed error={sessions.error} />}
      {sessions.isSuccess && shown.length === 0 && <Empty reason={texts.outcomes.noComments} />}
      <ul>
        {shown.map((session) => (
          <li key={session.session_id}>
            <SessionLink className="menu-item" id={session.session_id ?? ''}>
              <span className={`dot ${session.outcome ?? 'none'}`} />
              <strong>{typeof session.csat_score === 'number' ? inUnit(locale, session.csat_score, 'sessions') : ''}</strong>
              <span>{session.topic_name ?? texts.bar.nothingSaid}</span>
              <span className="soft push">{instant(locale, view.zone, session.start_time ?? '')}</span>
            </SessionLink>
          </li>
        ))}
      </ul>
    </section>
  );
}
