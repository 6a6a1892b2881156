/** Shares of one whole below each other, as bars: how far things come. */
import type { QueryResult } from '../api/client';
import { reasonOf } from '../api/named';
import { useAnswer } from '../api/questions';
import { percent, whole } from '../format/format';
import { usePreferences } from '../shell/preferences';
import type { Texts } from '../texts/en';
import type { View } from '../view/view';
import { Card } from './Cards';
import { basisOf } from './Metric';
import { useNumberDialog } from './number-dialog';
import { Answered } from './States';
import { useKnown } from './use-known';

/** Why stages have no value: most often all for the same reason. */
function whyNot(texts: Texts, answer: QueryResult): string[] {
  const reasons = answer.metrics.map((id) => reasonOf(texts, answer.totals[id]?.reason));
  return [...new Set(reasons.filter((reason) => reason !== undefined))];
}

export function StagesCard(props: { view: View; title: string; hint?: string; metrics: readonly string[]; bad?: boolean }) {
  const { texts, locale } = usePreferences();
  const { open } = useNumberDialog();
  const known = useKnown(props.metrics);
  const answer = useAnswer({ ...props.view, compare: 'none' }, { metrics: known ?? [] }, { enabled: known !== undefined });
  return (
    <Card title={props.title} hint={props.hint}>
      <Answered asked={answer} height={130} still>
        {(all) => (
          <>
          <div className={props.bad === true ? 'ladder bad-stages' : 'ladder'}>
            {all.definitions.map((definition) => {
              const value = all.totals[definition.id];
              const share = value?.value;
              return [
                <button key={definition.id} type="button" className="number" aria-haspopup="dialog" onClick={() => open({ definition, value, filters: [], question: all.question })}>
                  <span className="number-name">{definition.name}</span>
                </button>,
                <span key={`${definition.id} bar`}>
                  <i style={{ width: `${(share ?? 0) * 100}%` }} />
                </span>,
                <span key={`${definition.id} said`} className="small stage-said" title={value === undefined ? undefined : basisOf(texts, locale, value, definition)}>
                  {typeof share === 'number' ? percent(locale, share) : texts.number.noData} <span className="soft">{texts.number.n(whole(locale, value?.n ?? 0))}</span>
                </span>,
              ];
            })}
          </div>
          {whyNot(texts, all).map((reason) => (
            <p key={reason} className="soft small">
              {reason}
            </p>
          ))}
          </>
        )}
      </Answered>
    </Card>
  );
}
