/** What did it cost? */
import { useAnswer } from '../../api/questions';
import { seriesByMetric } from '../../charts/data';
import { Spark } from '../../charts/Spark';
import { Metric } from '../../components/Metric';
import { Answered } from '../../components/States';
import { useKnown } from '../../components/use-known';
import { useTexts } from '../../shell/preferences';
import { grainOf, type View } from '../../view/view';
import { useLabels } from '../../components/use-labels';

const METRICS = ['model_cost', 'model_cost_per_resolved_session', 'model_cost_per_session', 'tokens_out', 'model_calls', 'model_latency_median'];
const MOST = 4;

export function Cost({ view }: { view: View }) {
  const labels = useLabels();
  const texts = useTexts();
  const metrics = useKnown(METRICS)?.slice(0, MOST);
  const answer = useAnswer(view, { metrics: metrics ?? [], grain: grainOf(view) }, { enabled: metrics !== undefined });
  return (
    <section className="card" aria-label={texts.today.cost}>
      <header>
        <h2>{texts.today.cost}</h2>
      </header>
      <Answered asked={answer} height={250}>
        {(all) => (
          <>
            <div className="grid tight two">
              {all.definitions.map((definition, place) => (
                <Metric key={definition.id} definition={definition} value={all.totals[definition.id]} large={place < 2} />
              ))}
            </div>
            <Spark values={seriesByMetric(labels, all, ['model_cost']).series[0]?.values ?? []} from0 label={all.definitions[0]?.name ?? ''} />
          </>
        )}
      </Answered>
    </section>
  );
}
