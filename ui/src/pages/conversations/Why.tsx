/** Why: each rule that fired, with its event; and what the platform reported beside what was computed. */
import { useState } from 'react';

import type { Schemas } from '../../api/client';
import { useProfiles, useUnder } from '../../api/questions';
import { Answered } from '../../components/States';
import { clock, instant, word } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';

export function Why({ detail }: { detail: Schemas['SessionDetail'] }) {
  const { texts } = usePreferences();
  const view = useView();
  const [profile, setProfile] = useState<string>();
  const profiles = useProfiles(view);
  const names = profiles.data?.built_in.map((one) => one.name) ?? [];
  return (
    <section className="card" aria-label={texts.session.why}>
      <header>
        <div>
          <h2>{texts.session.why}</h2>
          <p className="soft small">{texts.session.whyHint}</p>
        </div>
      </header>
      <label className="row small">
        {texts.session.under}
        <select value={profile ?? ''} onChange={(event) => setProfile(event.target.value === '' ? undefined : event.target.value)}>
          <option value="">
            {texts.session.asComputed} ({detail.session.fact_set})
          </option>
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {profile === undefined ? <Reasons evidence={detail.evidence} /> : <Under id={detail.session.session_id ?? ''} profile={profile} />}
      <Reported session={detail.session} />
    </section>
  );
}

/** What another profile makes of the conversation: it may cut it elsewhere. */
function Under({ id, profile }: { id: string; profile: string }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const asked = useUnder(view, id, profile);
  return (
    <Answered asked={asked} height={160}>
      {(answer) => (
        <div className="stack">
          <p className="soft small mono">{answer.fact_set}</p>
          {answer.sessions.map(({ session, evidence }) => (
            <div key={session.session_id}>
              <p className="row">
                <span className={`dot ${session.outcome ?? 'none'}`} />
                <strong>{texts.outcomes.outcome[session.outcome ?? 'none']}</strong>
                <span className="soft">{instant(locale, view.zone, session.start_time ?? '')}</span>
              </p>
              <Reasons evidence={evidence} />
            </div>
          ))}
          {answer.sessions.length === 0 && <p className="soft">{texts.states.empty}</p>}
        </div>
      )}
    </Answered>
  );
}

function Reasons({ evidence }: { evidence: Schemas['Evidence'][] }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  return (
    <ol className="why">
      {evidence.map((one) => (
        <li key={`${one.what} ${one.time}`}>
          <span className="row spread">
            <strong>{texts.session.whats[one.what]}</strong>
            <time className="soft small" dateTime={one.time}>
              {clock(locale, view.zone, one.time)}
            </time>
          </span>
          <span>{one.meaning}</span>
          <span className="soft small">
            {one.rule !== undefined && one.rule !== null && <span className="mono">{one.rule} </span>}
            {one.event_id === undefined || one.event_id === null ? texts.session.silence : <EventName evidence={one} />}
          </span>
        </li>
      ))}
    </ol>
  );
}

function EventName({ evidence }: { evidence: Schemas['Evidence'] }) {
  const { texts } = usePreferences();
  const event = evidence.event;
  const said = [event?.event_type, event?.text ?? event?.topic_name ?? event?.option_title].filter((part) => typeof part === 'string');
  return (
    <span title={evidence.event_id ?? undefined}>
      {texts.session.event}: {said.length > 0 ? said.map((part, place) => (place === 0 ? word(part, texts.words) : `«${part}»`)).join(' ') : evidence.event_id}
    </span>
  );
}

function Reported({ session }: { session: Schemas['Session'] }) {
  const { texts } = usePreferences();
  if (session.reported_outcome === undefined && session.reported_engaged === undefined) return null;
  const engagement = (engaged: boolean | null | undefined) =>
    engaged === undefined || engaged === null ? texts.bar.nothingSaid : engaged ? texts.session.engaged : texts.session.unengaged;
  const outcome = (name: string | null | undefined) => (name ? (texts.outcomes.outcome[name] ?? name) : texts.bar.nothingSaid);
  const computedEngaged = session.engaged_time !== undefined && session.engaged_time !== null;
  const agrees =
    (session.reported_engaged === undefined || session.reported_engaged === computedEngaged) &&
    (session.reported_outcome === undefined || session.reported_outcome === session.outcome);
  return (
    <>
      <table className="wraps">
        <thead>
          <tr>
            <td />
            <th scope="col">{texts.session.computed}</th>
            <th scope="col">{texts.session.reported}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{texts.session.engagement}</th>
            <td>{engagement(computedEngaged)}</td>
            <td>{engagement(session.reported_engaged)}</td>
          </tr>
          <tr>
            <th scope="row">{texts.session.outcome}</th>
            <td>{outcome(session.outcome)}</td>
            <td>{outcome(session.reported_outcome)}</td>
          </tr>
        </tbody>
      </table>
      <p className={agrees ? 'soft' : 'bad'}>{agrees ? texts.session.agrees : texts.session.disagrees}</p>
    </>
  );
}
