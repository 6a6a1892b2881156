/** Did people come as usual for this weekday? */
import { seriesByMetric } from '../../charts/data';
import { Spark } from '../../charts/Spark';
import { useAnswer } from '../../api/questions';
import { Metric } from '../../components/Metric';
import { Answered } from '../../components/States';
import { usePreferences } from '../../shell/preferences';
import { rangeName } from '../../view/range-name';
import { grainOf, type View } from '../../view/view';
import { likeLastWeek, weekday } from './days';
import { useLabels } from '../../components/use-labels';

const METRICS = ['sessions', 'users', 'user_messages'];

export function Came({ view }: { view: View }) {
  const labels = useLabels();
  const { texts, locale } = usePreferences();
  const { range, compare } = likeLastWeek(view.zone);
  const today = useAnswer(view, { metrics: ['sessions', 'users'], range, compare });
  const all = useAnswer(view, { metrics: METRICS, grain: grainOf(view) });
  return (
    <section className="card" aria-label={texts.today.came}>
      <header>
        <h2>{texts.today.came}</h2>
      </header>
      <Answered asked={today} height={96}>
        {(answer) => (
          <>
            <p className="soft small">{texts.today.weekday(weekday(locale, view.zone))}</p>
            <div className="grid tight">
              {answer.definitions.map((definition) => (
                <Metric key={definition.id} definition={definition} value={answer.totals[definition.id]} large basis={false} />
              ))}
            </div>
          </>
        )}
      </Answered>
      <Answered asked={all} height={130}>
        {(answer) => {
          const data = seriesByMetric(labels, answer, ['sessions']);
          return (
            <>
              <p className="soft small">{rangeName(texts, locale, view.range)}</p>
              <div className="grid tight">
                {answer.definitions.map((definition) => (
                  <Metric key={definition.id} definition={definition} value={answer.totals[definition.id]} basis={false} />
                ))}
              </div>
              <Spark values={data.series[0]?.values ?? []} from0 label={data.series[0]?.name ?? ''} />
            </>
          );
        }}
      </Answered>
    </section>
  );
}
