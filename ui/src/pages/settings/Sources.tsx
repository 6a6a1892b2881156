/** Where events come from, keys for programs, and how to send. */
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import { useKeys, useMakeKey, useRevokeKey, type Scope } from '../../api/people';
import { useSources, useTestEvent } from '../../api/workspace';
import { Card } from '../../components/Cards';
import { Copyable } from '../../components/Copy';
import { Sure, TextField, Wrong } from '../../components/Forms';
import { Scrolls } from '../../components/Scrolls';
import { Answered, Empty } from '../../components/States';
import { days, instant, whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { Snippets } from './Snippets';

const SCOPES: readonly Scope[] = ['ingest', 'read', 'export', 'admin'];

export function Sources() {
  const words = usePart('settings');
  const mayKeys = useMay('keys');
  const mayIngest = useMay('ingest');
  const [key, setKey] = useState<string>();
  return (
    <>
      <Known />
      {mayKeys && <Keys made={key} setMade={setKey} />}
      {mayIngest && (
        <Card
          title={words.sources.send}
          hint={words.sources.sendHint}
          tools={
            <Link to="/start" search={{ step: 'data' }} className="button">
              {words.sources.file}
            </Link>
          }
        >
          <Snippets secret={key ?? words.sources.keyPlace} />
          <TestEvent />
        </Card>
      )}
    </>
  );
}

function Known() {
  const { texts, locale } = usePreferences();
  const words = usePart('settings');
  const view = useView();
  const sources = useSources(view);
  const place = (row: { source?: string | null; bot?: string | null }) => [row.source ?? texts.bar.nothingSaid, row.bot].filter((part) => part != null).join(' · ');
  return (
    <Card title={words.section.sources} hint={words.sources.hint}>
      <Answered asked={sources} height={120}>
        {(answer) => (
          <>
            {answer.sources.length === 0 ? (
              <Empty reason={words.sources.none} />
            ) : (
              <Scrolls label={words.section.sources}>
                <table>
                  <thead>
                    <tr>
                      <th scope="col">{words.sources.source}</th>
                      <th scope="col" className="amount">{words.bots.sessions}</th>
                      <th scope="col" className="amount">{words.sources.today}</th>
                      <th scope="col">{words.sources.days}</th>
                      <th scope="col">{words.sources.last}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {answer.sources.map((row) => (
                      <tr key={place(row)}>
                        <th scope="row">{place(row)}</th>
                        <td className="amount">{whole(locale, row.sessions)}</td>
                        <td className="amount">{whole(locale, row.sessions_today)}</td>
                        <td className="soft unbroken">
                          {row.first_day == null || row.last_day == null ? '' : days(locale, row.first_day, row.last_day)}
                        </td>
                        <td className="soft unbroken">{row.last_event == null ? '' : instant(locale, view.zone, row.last_event)}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scrolls>
            )}
            {answer.rejected_lately.length > 0 && (
              <details>
                <summary className="bad">{words.sources.rejected(whole(locale, answer.rejected_lately.length))}</summary>
                <ul>
                  {answer.rejected_lately.map((one, at) => (
                    <li key={`${one.time} ${at}`} className="list-entry small">
                      <span className="soft">{instant(locale, view.zone, one.time)}</span> {one.field != null && <span className="mono">{one.field}: </span>}
                      {one.reason} <span className="soft">{one.cure}</span>
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </>
        )}
      </Answered>
    </Card>
  );
}

function Keys({ made, setMade }: { made: string | undefined; setMade: (key: string | undefined) => void }) {
  const { locale } = usePreferences();
  const words = usePart('settings');
  const view = useView();
  const keys = useKeys(view);
  const make = useMakeKey(view);
  const revoke = useRevokeKey(view);
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(['ingest']);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(
      { name: name.trim(), scopes },
      {
        onSuccess: (key) => {
          setName('');
          setMade(key.key);
        },
      },
    );
  };
  return (
    <Card title={words.sources.keys} hint={words.sources.keysHint}>
      <Answered asked={keys} height={120}>
        {(answer) =>
          answer.keys.length === 0 ? (
            <p className="soft">{words.sources.noKeys}</p>
          ) : (
            <Scrolls label={words.sources.keys}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{words.name}</th>
                    <th scope="col">{words.sources.scopes}</th>
                    <th scope="col">{words.created}</th>
                    <th scope="col">{words.lastUsed}</th>
                    <td />
                  </tr>
                </thead>
                <tbody>
                  {answer.keys.map((key) => (
                    <tr key={key.id}>
                      <th scope="row">{key.name}</th>
                      <td>{key.scopes.map((scope) => words.sources.scope[scope]).join(', ')}</td>
                      <td className="soft">
                        {instant(locale, view.zone, key.created)} · {key.created_by}
                      </td>
                      <td className="soft">{key.last_used == null ? words.never : instant(locale, view.zone, key.last_used)}</td>
                      <td>
                        <Sure label={words.sources.revoke} about={key.name} sure={words.sure} keep={words.keep} busy={revoke.isPending} act={() => revoke.mutate(key.id)} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scrolls>
          )
        }
      </Answered>
      {made !== undefined && (
        <div className="stack" style={{ gap: 6 }} role="status">
          <strong>{words.once}</strong>
          <Copyable text={made} label={words.sources.keys} />
        </div>
      )}
      <form className="stack" style={{ gap: 8 }} onSubmit={submit}>
        <h3>{words.sources.make}</h3>
        <TextField label={words.name} value={name} set={setName} required most={100} />
        <fieldset className="row plain">
          <legend>{words.sources.scopes}</legend>
          {SCOPES.map((scope) => (
            <label key={scope} className="row">
              <input type="checkbox" checked={scopes.includes(scope)} onChange={(event) => setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))} />
              {words.sources.scope[scope]}
            </label>
          ))}
        </fieldset>
        <Wrong error={make.error ?? revoke.error} />
        <div>
          <button type="submit" className="button main" disabled={make.isPending || name.trim() === '' || scopes.length === 0}>
            {words.sources.make}
          </button>
        </div>
      </form>
    </Card>
  );
}

export function TestEvent() {
  const words = usePart('settings');
  const test = useTestEvent(useView());
  return (
    <div className="stack" style={{ gap: 6 }}>
      <div className="row">
        <button type="button" className="button" disabled={test.isPending} onClick={() => test.mutate('test')}>
          {words.sources.test}
        </button>
        <span className="soft small">{words.sources.testHint}</span>
      </div>
      <Wrong error={test.error} />
      <p role="status" className="good">
        {test.data !== undefined && (
          <>
            {words.sources.testDone}{' '}
            <Link to="/conversations" search={{ environment: 'test', range: '24h', filter: [`conversation_id = "${test.data.conversation}"`] }}>
              {words.sources.see}
            </Link>
          </>
        )}
      </p>
    </div>
  );
}
