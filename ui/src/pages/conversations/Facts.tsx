/** The facts of a session: the ones that are wanted most, and behind a click all of them. */
import type { Session } from '../../api/client';
import { instant, seconds, word } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';

const FIRST = ['bot', 'bot_version', 'channel', 'language', 'country', 'device', 'user_id', 'first_intent', 'last_intent', 'escalation_kind', 'resolution_kind', 'closed_by', 'end_reason', 'handover_stage', 'waiting_time', 'csat_score', 'model_cost', 'fact_set'] as const;

/** Lengths of time of facts are microseconds. */
const LENGTHS = /^(duration|waiting_time|resolution_time|first_response_time)$|_time_sum$/;

export function Facts({ session }: { session: Session }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const said = (name: string, value: unknown): string => {
    if (typeof value === 'boolean') return value ? texts.yes : texts.no;
    if (typeof value === 'number') return LENGTHS.test(name) ? seconds(locale, value / 1e6) : new Intl.NumberFormat(locale, { maximumFractionDigits: 6 }).format(value);
    if (Array.isArray(value)) return value.join(', ');
    if (typeof value !== 'string') return JSON.stringify(value);
    return /^\d{4}-\d\d-\d\dT/.test(value) ? instant(locale, view.zone, value) : value;
  };
  const all = Object.entries(session).filter(([name, value]) => value !== null && value !== undefined && name !== 'attributes');
  const first = FIRST.filter((name) => session[name] !== undefined && session[name] !== null);
  const attributes = Object.entries(session.attributes ?? {});
  return (
    <section className="card" aria-label={texts.session.facts}>
      <header>
        <h2>{texts.session.facts}</h2>
      </header>
      <List entries={first.map((name) => [name, said(name, session[name])])} />
      {attributes.length > 0 && (
        <>
          <h3>{texts.session.attributes}</h3>
          <List entries={attributes.map(([name, value]) => [name, String(value)])} asWritten />
        </>
      )}
      <details>
        <summary>{texts.session.allFacts}</summary>
        <List entries={all.map(([name, value]) => [name, said(name, value)])} />
      </details>
    </section>
  );
}

function List({ entries, asWritten }: { entries: [string, string][]; asWritten?: boolean }) {
  return (
    <dl className="facts small">
      {entries.map(([name, value]) => [
        <dt key={`${name} name`} title={name}>
          {asWritten === true ? name : word(name)}
        </dt>,
        <dd key={name}>{value}</dd>,
      ])}
    </dl>
  );
}
