/** What to fix first: the topics that cost most resolutions, and what users ask in vain. */
import { useAnswer, useDrivers } from '../../api/questions';
import { AnswerTable } from '../../components/AnswerTable';
import { Impact } from '../../components/Impact';
import { QuickLink } from '../../components/QuickLink';
import { Answered } from '../../components/States';
import { useNames } from '../../components/use-names';
import { usePreferences } from '../../shell/preferences';
import { is, type View } from '../../view/view';

export function FixFirst({ view }: { view: View }) {
  const { texts } = usePreferences();
  const { names } = useNames();
  const drivers = useDrivers(view, { outcome: 'resolution', by: 'topic', limit: 20 });
  const vain = useAnswer(
    { ...view, compare: 'none' },
    { metrics: ['unresolved_sessions', 'failed_resolution_rate'], dimensions: ['last_intent'], filters: ['last_intent is not null'], order: ['unresolved_sessions'], limit: 5 },
  );
  return (
    <section className="card" aria-label={texts.today.fix}>
      <header>
        <div>
          <h2>{texts.today.drivers}</h2>
          <p className="soft small">{texts.today.driversHint}</p>
        </div>
      </header>
      <Answered asked={drivers} height={150}>
        {(answer) => {
          const worst = answer.rows.filter((row) => row.verdict === 'worse').slice(0, 5);
          const most = Math.max(...worst.map((row) => Math.abs(row.impact ?? 0)), 0.001);
          if (worst.length === 0) return <p className="soft">{texts.today.noWorst}</p>;
          return (
            <ul className="stack" style={{ gap: 4 }}>
              {worst.map((row) => (
                <li key={row.value ?? ''} className="impact-line">
                  <QuickLink to="/conversations" search={{ filter: [...view.filter, is('topic', row.value ?? null), 'engaged', 'not resolved'] }}>
                    {row.name ?? row.value ?? texts.bar.nothingSaid}
                  </QuickLink>
                  <Impact row={row} most={most} isShare />
                </li>
              ))}
            </ul>
          );
        }}
      </Answered>
      <div>
        <h3>{texts.today.vain}</h3>
        <p className="soft small">{texts.today.vainHint}</p>
      </div>
      <Answered asked={vain} height={140}>
        {(answer) => (answer.rows.length === 0 ? <p className="soft">{texts.improve.noIntents}</p> : <AnswerTable answer={answer} title={texts.today.vain} names={names} compact />)}
      </Answered>
    </section>
  );
}
