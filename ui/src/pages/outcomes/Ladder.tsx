/** How far sessions come: engaged, answered, without a person, …, resolved for good. */
import { useAnswer } from '../../api/questions';
import { useNumberDialog } from '../../components/number-dialog';
import { Answered } from '../../components/States';
import { percent, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import type { View } from '../../view/view';

export function Ladder({ view }: { view: View }) {
  const { texts, locale } = usePreferences();
  const { open } = useNumberDialog();
  const answer = useAnswer({ ...view, compare: 'none' }, { metrics: ['outcome_ladder'] });
  return (
    <section className="card" aria-label={texts.outcomes.ladder}>
      <header>
        <h2>{texts.outcomes.ladder}</h2>
      </header>
      <Answered asked={answer} height={200}>
        {(all) => (
          <div className="ladder">
            {all.definitions.map((definition) => {
              const value = all.totals[definition.id];
              const share = value?.value;
              return [
                <button key="name" type="button" className="number" aria-haspopup="dialog" onClick={() => open({ definition, value, filters: [] })}>
                  <span className="number-name">{definition.name}</span>
                </button>,
                <span key="bar">
                  <i style={{ width: `${(share ?? 0) * 100}%` }} />
                </span>,
                <span key="said" className="small" style={{ textAlign: 'right' }}>
                  {typeof share === 'number' ? percent(locale, share) : texts.number.noData} <span className="soft">{texts.number.n(whole(locale, value?.n ?? 0))}</span>
                </span>,
              ];
            })}
          </div>
        )}
      </Answered>
    </section>
  );
}
