/** One topic: its numbers, trend, where people come from and go, its questions and options, sessions to read. */
import { Link, useParams } from '@tanstack/react-router';

import { useMay } from '../../api/access';
import { useTopics } from '../../api/paths';
import { useSessions } from '../../api/questions';
import { Card, NumbersCard, TableCard, TrendCard } from '../../components/Cards';
import { Impact } from '../../components/Impact';
import { Nothing, useNothing } from '../../components/Nothing';
import { QuickLink } from '../../components/QuickLink';
import { SessionLink } from '../../components/SessionLink';
import { Answered, Empty, Failed, Loading } from '../../components/States';
import { Part } from '../../components/Value';
import { instant, word } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import { quoted, type View } from '../../view/view';
import { Flows } from './Flows';
import { stepsOf } from './Report';

const VISITS = ['topic_views', 'topic_sessions', 'topic_time_median', 'topic_positive_feedback', 'topic_negative_feedback', 'topic_feedback_score'];
const ENDS = ['visit_ends'];
const OUTCOMES = ['sessions', 'engagement_rate', 'resolution_rate', 'escalation_rate', 'abandon_rate', 'csat_score'];
const VIEWS = ['topic_views'];
const RATES = ['resolution_rate', 'escalation_rate', 'abandon_rate'];
const QUESTIONS = ['question_report'];
const OPTIONS = ['option_report', 'options_not_chosen'];
const IMPACTS = ['resolution', 'escalation', 'abandon'] as const;

export default function Topic() {
  const { texts } = usePreferences();
  const view = useView();
  const { topic } = useParams({ from: '/topics/$topic' });
  const nothing = useNothing(view);
  const maySessions = useMay('sessions');
  const report = useTopics(view, { filters: [visited(topic)] });
  const row = report.data?.topics.find((one) => one.topic === topic);
  const steps = [stepsOf(topic)];
  return (
    <>
      <div className="page-head">
        {/* Its id is no name: until the name is there, its place is kept. */}
        <h1>{row?.name ?? (report.isPending ? '\u00a0' : topic)}</h1>
        <Link to="/topics" className="button quiet">
          {texts.topics.back}
        </Link>
      </div>
      {nothing ? (
        <Nothing ever={nothing === 'ever'} />
      ) : report.isSuccess && row === undefined && !report.isPlaceholderData ? (
        <Empty reason={texts.topics.notVisited} cure={texts.states.emptyCure} />
      ) : (
        <div className="stack">
          <NumbersCard view={view} title={texts.topics.outcomes} metrics={OUTCOMES} filters={[visited(topic)]} large />
          <div className="grid wide">
            <NumbersCard view={view} title={texts.topics.visitsOf} metrics={VISITS} filters={steps} />
            <NumbersCard view={view} title={texts.topics.ends} metrics={ENDS} filters={steps} />
          </div>
          <div className="grid wide">
            <TrendCard view={view} title={texts.topics.views} metrics={VIEWS} filters={steps} kind="bar" />
            <TrendCard view={view} title={texts.outcomes.rates} metrics={RATES} filters={[visited(topic)]} />
          </div>
          <div className="grid wide">
            <Does view={view} topic={topic} />
            {maySessions && <Samples view={view} topic={topic} />}
          </div>
          {row?.name != null && (
            <>
              <Flows view={view} step={row.name} direction="backward" />
              <Flows view={view} step={row.name} direction="forward" />
            </>
          )}
          <TableCard view={view} title={texts.topics.questions} hint={texts.topics.questionsHint} metrics={QUESTIONS} by={['step.question_name']} filters={[...steps, 'step.kind = question']} order="questions_asked" empty={texts.topics.noQuestions} />
          <TableCard view={view} title={texts.topics.options} hint={texts.topics.optionsHint} metrics={OPTIONS} by={['step.option_title', 'step.option_kind']} filters={[...steps, 'step.kind = option']} order="options_shown" empty={texts.topics.noOptions} />
        </div>
      )}
    </>
  );
}

/** The filter of sessions that visited a topic. */
function visited(topic: string): string {
  return `topics has ${quoted(topic)}`;
}

/** What the topic does to the numbers of all sessions, and where it leads. */
function Does({ view, topic }: { view: View; topic: string }) {
  const { texts } = usePreferences();
  const report = useTopics(view);
  return (
    <Card title={texts.topics.does} hint={texts.outcomes.driversHint}>
      <Answered asked={report} height={240}>
        {(answer) => {
          const row = answer.topics.find((one) => one.topic === topic);
          if (row === undefined) return <Empty reason={texts.topics.notVisited} />;
          const most = Math.max(...IMPACTS.map((one) => Math.abs(row.impacts[one]?.impact ?? 0)), 0.0001);
          return (
            <>
              <ul className="stack" style={{ gap: 4 }}>
                {IMPACTS.map((one) => {
                  const impact = row.impacts[one];
                  return (
                    <li key={one} className="impact-line">
                      <span>{texts.outcomes.drivenOutcomes[one]}</span>
                      {impact !== undefined && <Impact row={impact} most={most} isShare />}
                    </li>
                  );
                })}
              </ul>
              <h3>{texts.topics.leadsTo}</h3>
              <table>
                <tbody>
                  {row.next.map((next) => (
                    <tr key={next.topic}>
                      <th scope="row">
                        <Link to="/topics/$topic" params={{ topic: next.topic }}>
                          {answer.topics.find((one) => one.topic === next.topic)?.name ?? next.topic}
                        </Link>
                      </th>
                      <td className="amount">
                        <Part count={next.sessions} share={next.share} filter={next.filter} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </>
          );
        }}
      </Answered>
    </Card>
  );
}

function Samples({ view, topic }: { view: View; topic: string }) {
  const { texts, locale } = usePreferences();
  const sessions = useSessions(view, { filters: [visited(topic)], limit: 10 });
  const shown = sessions.data?.pages[0]?.sessions ?? [];
  return (
    <Card
      title={texts.topics.samples}
      tools={
        <QuickLink className="button quiet" to="/conversations" search={{ filter: [...view.filter, visited(topic)] }}>
          {texts.more.allSessions}
        </QuickLink>
      }
    >
      {sessions.isPending && <Loading height={300} />}
      {sessions.isError && <Failed error={sessions.error} again={() => void sessions.refetch()} />}
      {sessions.isSuccess && shown.length === 0 && <Empty reason={texts.topics.notVisited} />}
      <ul>
        {shown.map((session) => (
          <li key={session.session_id}>
            <SessionLink className="menu-item" id={session.session_id}>
              <span className={`dot ${session.outcome ?? 'none'}`} />
              <span>{texts.outcomes.outcome[session.outcome ?? 'none'] ?? word(session.outcome ?? '')}</span>
              <span className="soft">{session.first_intent ?? session.topic_name}</span>
              <span className="soft push">{instant(locale, view.zone, session.start_time)}</span>
            </SessionLink>
          </li>
        ))}
      </ul>
    </Card>
  );
}
