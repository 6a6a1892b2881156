/** What a value does to an overall number: a bar around zero with its interval. */
import type { Schemas } from '../api/client';
import { signed } from '../format/format';
import { usePreferences } from '../shell/preferences';

export function Impact(props: { row: Pick<Schemas['DriverRow'], 'impact' | 'interval' | 'verdict'>; most: number; isShare: boolean }) {
  const { texts, locale } = usePreferences();
  const { row, most, isShare } = props;
  const impact = row.impact;
  if (impact === null || impact === undefined) return <span className="soft">{texts.number.noData}</span>;
  const place = (value: number) => 50 + (Math.max(-1, Math.min(1, value / most)) * 100) / 2;
  const [low, high] = row.interval ?? [];
  const said = isShare ? texts.number.points(signed(locale, impact * 100)) : signed(locale, impact, 3);
  const kind = row.verdict === 'better' || row.verdict === 'worse' ? row.verdict : 'none';
  const colour = { better: 'var(--resolved)', worse: 'var(--abandoned)', none: 'var(--none)' }[kind];
  return (
    <span className="impact">
      <span className="bar-around" aria-hidden="true">
        <i style={{ left: `${Math.min(50, place(impact))}%`, width: `${Math.abs(place(impact) - 50)}%`, background: colour }} />
        {low !== undefined && high !== undefined && <b style={{ left: `${place(low)}%`, width: `${Math.max(place(high) - place(low), 0.5)}%` }} />}
      </span>
      <span className="impact-said">{said}</span>
    </span>
  );
}
