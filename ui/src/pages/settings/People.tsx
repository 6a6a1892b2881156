/** Who takes part, and as what. */
import { useState, type FormEvent } from 'react';

import { useMay, useMe, type Role } from '../../api/access';
import { useInvite, usePeople, useResetPassword, useSetRole, useTakeOut, useUninvite } from '../../api/people';
import type { Schemas } from '../../api/client';
import { Card } from '../../components/Cards';
import { Copyable } from '../../components/Copy';
import { SelectField, Sure, TextField, Wrong } from '../../components/Forms';
import { Scrolls } from '../../components/Scrolls';
import { Answered } from '../../components/States';
import { WithCommands } from '../../components/WithCommands';
import { instant } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';

const ROLES: readonly Role[] = ['owner', 'admin', 'analyst', 'viewer', 'agent'];

export function People() {
  const words = usePart('settings');
  const people = usePeople(useView());
  const me = useMe().data;
  return (
    <>
      <Card title={words.section.people} hint={words.people.hint}>
        {me?.mode === 'open' && !me.owner_exists && <p className="soft">
            <WithCommands text={words.people.open} />
          </p>}
        <Answered asked={people} height={240}>
          {(answer) => answer.people.length > 0 && <Members people={answer.people} />}
        </Answered>
      </Card>
      <Card title={words.people.invitations}>
        <Answered asked={people} height={80}>
          {(answer) => <Invitations invitations={answer.invitations} />}
        </Answered>
        <Invite />
      </Card>
      <Roles />
    </>
  );
}

/** Only an owner says who else is one. */
function useRoles(): readonly Role[] {
  const mayOwners = useMay('owners');
  return mayOwners ? ROLES : ROLES.filter((role) => role !== 'owner');
}

function Members({ people }: { people: Schemas['PersonOfWorkspace'][] }) {
  const { locale } = usePreferences();
  const words = usePart('settings');
  const names = usePart('people').roles;
  const view = useView();
  const me = useMe().data;
  const roles = useRoles();
  const setRole = useSetRole(view);
  const takeOut = useTakeOut(view);
  const reset = useResetPassword(view);
  return (
    <>
      <Scrolls label={words.section.people}>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.name}</th>
              <th scope="col">{words.people.role}</th>
              <th scope="col">{words.people.seen}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {people.map((person) => {
              const isMe = person.id === me?.person?.id;
              return (
                <tr key={person.id}>
                  <th scope="row">
                    {person.name} {isMe && <span className="badge">{words.people.you}</span>}
                    <span className="soft small search-hint">{person.email}</span>
                  </th>
                  <td>
                    {roles.includes(person.role) ? (
                      <select aria-label={`${words.people.role}: ${person.name}`} value={person.role} disabled={setRole.isPending} onChange={(event) => setRole.mutate({ id: person.id, role: event.target.value as Role })}>
                        {roles.map((role) => (
                          <option key={role} value={role}>
                            {names[role]}
                          </option>
                        ))}
                      </select>
                    ) : (
                      names[person.role]
                    )}
                  </td>
                  <td className="soft">{person.last_seen == null ? words.never : instant(locale, view.zone, person.last_seen)}</td>
                  <td>
                    <span className="row actions">
                      {!isMe && roles.includes(person.role) && (
                        <>
                          <button type="button" className="button quiet" aria-label={`${words.people.reset}: ${person.name}`} disabled={reset.isPending} onClick={() => reset.mutate(person.id)}>
                            {words.people.reset}
                          </button>
                          <Sure label={words.people.takeOut} about={person.name} sure={words.sure} keep={words.keep} busy={takeOut.isPending} act={() => takeOut.mutate(person.id)} />
                        </>
                      )}
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scrolls>
      <Wrong error={setRole.error ?? takeOut.error ?? reset.error} />
      {reset.data !== undefined && <MadeLink link={reset.data.link} says={words.people.resetLink} />}
    </>
  );
}

function MadeLink({ link, says }: { link: string; says: string }) {
  return (
    <div className="stack" style={{ gap: 6 }} role="status">
      <strong>{says}</strong>
      <Copyable text={new URL(link, window.location.href).href} label={says} />
    </div>
  );
}

function Invitations({ invitations }: { invitations: Schemas['Invitation'][] }) {
  const { locale } = usePreferences();
  const words = usePart('settings');
  const names = usePart('people').roles;
  const view = useView();
  const uninvite = useUninvite(view);
  if (invitations.length === 0) return <p className="soft">{words.people.noInvitations}</p>;
  return (
    <>
      <ul>
        {invitations.map((one) => (
          <li key={one.id} className="row list-entry">
            <span className="grows">
              {one.email} <span className="soft">{names[one.role]}</span>
              <span className="soft small search-hint">
                {[one.created_by, one.expires == null ? '' : `${words.expires} ${instant(locale, view.zone, one.expires)}`].filter((part) => part !== '').join(' · ')}
              </span>
            </span>
            <Sure label={words.remove} about={one.email} sure={words.sure} keep={words.keep} busy={uninvite.isPending} act={() => uninvite.mutate(one.id)} />
          </li>
        ))}
      </ul>
      <Wrong error={uninvite.error} />
    </>
  );
}

function Invite() {
  const words = usePart('settings');
  const names = usePart('people').roles;
  const roles = useRoles();
  const invite = useInvite(useView());
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ email: email.trim(), role }, { onSuccess: () => setEmail('') });
  };
  return (
    <form className="stack" style={{ gap: 8 }} onSubmit={submit}>
      <h3>{words.people.invite}</h3>
      <div className="fields">
        <TextField label={words.people.email} kind="email" value={email} set={setEmail} required />
        <SelectField label={words.people.role} value={role} options={roles.map((one) => [one, names[one]] as const)} set={setRole} />
      </div>
      <Wrong error={invite.error} />
      <div>
        <button type="submit" className="button main" disabled={invite.isPending || email.trim() === ''}>
          {words.people.invite}
        </button>
      </div>
      {invite.data !== undefined && <MadeLink link={invite.data.link} says={words.people.link} />}
    </form>
  );
}

function Roles() {
  const words = usePart('settings');
  const people = usePart('people');
  return (
    <Card title={words.people.role}>
      <dl className="facts">
        {ROLES.map((role) => [<dt key={role}>{people.roles[role]}</dt>, <dd key={`${role} does`}>{people.rolesDo[role]}</dd>])}
      </dl>
    </Card>
  );
}
