/** Were they helped? The numbers that only mean something side by side. */
import { useAnswer } from '../../api/questions';
import { seriesByMetric } from '../../charts/data';
import { Spark } from '../../charts/Spark';
import { AnswerTable } from '../../components/AnswerTable';
import { Metric } from '../../components/Metric';
import { Answered } from '../../components/States';
import { useKnown } from '../../components/use-known';
import { useLabels } from '../../components/use-labels';
import { useNames } from '../../components/use-names';
import { useTexts } from '../../shell/preferences';
import { grainOf, type View } from '../../view/view';

const METRICS = ['self_service_resolution_rate', 'resolution_rate', 'first_contact_resolution', 'deflection_rate', 'csat_score', 'containment_rate'];
/** What tells who served well. */
const SERVED = ['sessions', 'csat_score', 'first_contact_resolution', 'resolution_time_median'];
/** How many stand side by side. */
const MOST = 4;

export function Helped({ view }: { view: View }) {
  const labels = useLabels();
  const texts = useTexts();
  const metrics = useKnown(METRICS)?.slice(0, MOST);
  const answer = useAnswer(view, { metrics: metrics ?? [], grain: grainOf(view) }, { enabled: metrics !== undefined });
  const { names } = useNames();
  const served = useAnswer({ ...view, compare: 'none' }, { metrics: SERVED, dimensions: ['served_by'], order: ['sessions'] });
  return (
    <section className="card" aria-label={texts.today.helped}>
      <header>
        <h2>{texts.today.helped}</h2>
      </header>
      <Answered asked={answer} height={250}>
        {(all) => {
          const data = seriesByMetric(labels, all);
          return (
            <div className="grid tight two">
              {all.definitions.map((definition) => {
                // Each is judged after a time of its own: FCR after a week, a resolution when the session is over.
                const series = data.series.find((one) => one.id === definition.id);
                return (
                  <div key={definition.id}>
                    <Metric definition={definition} value={all.totals[definition.id]} large />
                    <Spark values={series?.values ?? []} pendingFrom={series?.pendingFrom} label={definition.name} />
                  </div>
                );
              })}
            </div>
          );
        }}
      </Answered>
      <h3>{texts.today.servedBy}</h3>
      <Answered asked={served} height={150}>
        {(all) => <AnswerTable answer={all} title={texts.today.servedBy} names={names} compact />}
      </Answered>
    </section>
  );
}
