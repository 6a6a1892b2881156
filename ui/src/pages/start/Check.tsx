/** Whether our numbers are those of the platform: beside each other, and session by session where it reports outcomes. */
import { Link } from '@tanstack/react-router';

import { useAnswer } from '../../api/questions';
import { useReported } from '../../api/workspace';
import { Card } from '../../components/Cards';
import { Nothing, useNothing } from '../../components/Nothing';
import { Answered } from '../../components/States';
import { useKnown } from '../../components/use-known';
import { Part, Share, Value } from '../../components/Value';
import { whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import type { View } from '../../view/view';
import { useLabels } from '../../components/use-labels';

const NUMBERS = ['sessions', 'conversations', 'users', 'user_messages', 'engagement_rate', 'resolution_rate', 'escalation_rate', 'abandon_rate', 'csat_score', 'csat_votes', 'handover_sessions'];

export function Check() {
  const view = useView();
  const nothing = useNothing(view);
  if (nothing) return <Nothing ever={nothing === 'ever'} />;
  return (
    <>
      <Beside view={view} />
      <Reported view={view} />
    </>
  );
}

function Beside({ view }: { view: View }) {
  const words = usePart('start').check;
  const metrics = useKnown(NUMBERS);
  const answer = useAnswer({ ...view, compare: 'none' }, { metrics: metrics ?? [] }, { enabled: metrics !== undefined });
  return (
    <Card title={usePart('start').step.check} hint={words.hint} tools={<Link className="button" to="/glossary">{words.glossary}</Link>}>
      <p className="soft small">{words.range}</p>
      <Answered asked={answer} height={360}>
        {(all) => (
          <table>
            <thead>
              <tr>
                <td />
                <th scope="col" className="amount">{words.ours}</th>
                <th scope="col">
                  {words.theirs}
                  <small className="search-hint">{words.theirsHint}</small>
                </th>
              </tr>
            </thead>
            <tbody>
              {all.definitions.map((definition) => (
                <tr key={definition.id}>
                  <th scope="row">{definition.name}</th>
                  <td className="amount">
                    <Value value={all.totals[definition.id]} definition={definition} filters={[]} row={{ dimensions: {} }} />
                  </td>
                  <td>
                    <input type="text" className="narrow-select" inputMode="decimal" aria-label={`${words.theirs}: ${definition.name}`} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Answered>
    </Card>
  );
}

/** Where the source tells outcomes: how many agree, and which do not. */
function Reported({ view }: { view: View }) {
  const labels = useLabels();
  const { texts, locale } = usePreferences();
  const words = usePart('start').check;
  const check = useReported(view);
  const outcome = (name: string) => (name === 'engaged' ? texts.session.engaged : labels.of('outcome', name));
  return (
    <Card
      title={words.agreement}
      hint={words.agreementHint}
      tools={
        check.data !== undefined &&
        check.data.differing > 0 && (
          <Link className="button quiet" to="/conversations" search={{ filter: [...view.filter, check.data.differing_filter] }}>
            {words.disagree}
          </Link>
        )
      }
    >
      <Answered asked={check} height={240}>
        {(answer) =>
          answer.reported === 0 ? (
            <p className="soft">{words.noReported}</p>
          ) : (
            <div className="stack">
              <p>
                <span className="number-value">
                  <Share value={answer.agreement} />
                </span>
              </p>
              <div className="grid wide">
                <table>
                  <thead>
                    <tr>
                      <td />
                      <th scope="col" className="amount">{words.reported}</th>
                      <th scope="col" className="amount">{words.computed}</th>
                      <th scope="col" className="amount">{words.disagree}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {answer.rows.map((row) => (
                      <tr key={row.what}>
                        <th scope="row">{outcome(row.what)}</th>
                        <td className="amount">{whole(locale, row.reported)}</td>
                        <td className="amount">{whole(locale, row.computed)}</td>
                        <td className="amount">
                          <Part count={row.differing} filter={row.differing > 0 ? row.filter : undefined} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
                {answer.pairs.length > 0 && (
                  <table>
                    <thead>
                      <tr>
                        <th scope="col">{words.reported}</th>
                        <th scope="col">{words.computed}</th>
                        <th scope="col" className="amount">{texts.outcomes.counts}</th>
                      </tr>
                    </thead>
                    <tbody>
                      {answer.pairs.map((pair) => (
                        <tr key={`${pair.reported} ${pair.computed}`}>
                          <th scope="row">{outcome(pair.reported)}</th>
                          <td>{outcome(pair.computed)}</td>
                          <td className="amount">
                            <Part count={pair.sessions} filter={pair.filter} />
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                )}
              </div>
            </div>
          )
        }
      </Answered>
    </Card>
  );
}
