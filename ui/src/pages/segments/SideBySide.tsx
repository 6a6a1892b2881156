/** Headline numbers of several segments, each with its difference to the first. */
import { useAnswer } from '../../api/questions';
import { Card } from '../../components/Cards';
import { SaveTable } from '../../components/SaveTable';
import { Scrolls } from '../../components/Scrolls';
import { Answered } from '../../components/States';
import { useKnown } from '../../components/use-known';
import { Value } from '../../components/Value';
import { usePart } from '../../texts/parts';
import { quoted, type View } from '../../view/view';
import { WithCommands } from '../../components/WithCommands';

const METRICS = ['sessions', 'users', 'engagement_rate', 'resolution_rate', 'self_service_resolution_rate', 'first_contact_resolution', 'escalation_rate', 'abandon_rate', 'bounce_rate', 'fallback_session_rate', 'handover_session_rate', 'csat_score', 'feedback_score', 'messages_per_session', 'session_duration_median', 'model_cost_per_session'];

export function SideBySide({ view, names }: { view: View; names: string[] }) {
  const words = usePart('work');
  const metrics = useKnown(METRICS);
  const enough = names.length > 1;
  // Each is compared with the first unless another comparison is asked for.
  const answer = useAnswer({ ...view, compare: 'none' }, { metrics: metrics ?? [], segments: names }, { enabled: enough && metrics !== undefined });
  if (!enough) return null;
  return (
    <Card
      title={words.segments.compareTitle}
      hint={words.segments.compareHint}
      tools={
        answer.data !== undefined && (
          <SaveTable
            title={words.segments.compareTitle}
            rows={() => [
              [words.segments.number, ...names],
              ...answer.data.definitions.map((one) => [one.name, ...names.map((name) => answer.data.rows.find((row) => row.dimensions.segment === name)?.metrics[one.id]?.value ?? null)]),
            ]}
          />
        )
      }
    >
      <Answered asked={answer} height={420}>
        {(all) => (
          <>
            <Scrolls label={words.segments.compareTitle}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{words.segments.number}</th>
                    {names.map((name, place) => (
                      <th scope="col" className="amount" key={name}>
                        {name}
                        {place === 0 && <small>{words.segments.first}</small>}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {all.definitions.map((definition) => (
                    <tr key={definition.id}>
                      <th scope="row">{definition.name}</th>
                      {names.map((name) => {
                        const row = all.rows.find((one) => one.dimensions.segment === name);
                        return (
                          <td className="amount" key={name}>
                            <Value value={row?.metrics[definition.id]} definition={definition} filters={[`segment ${quoted(name)}`]} row={row} />
                          </td>
                        );
                      })}
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scrolls>
            {all.notes.map((note) => (
              <p className="soft small" key={note.code}>
                <WithCommands text={note.text} />
              </p>
            ))}
          </>
        )}
      </Answered>
    </Card>
  );
}
