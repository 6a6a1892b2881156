/** What a link opens: the first owner's account, an invitation, a new password. */
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type FormEvent } from 'react';

import { useAccept, useLook, type LinkSeen } from '../../api/access';
import { TextField, Wrong } from '../../components/Forms';
import { Loading } from '../../components/States';
import { instant } from '../../format/format';
import { usePreferences, useTexts } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { BROWSER_ZONE } from '../../view/view';
import { Door } from './Door';
import { useToken } from './token';

export default function Welcome() {
  const texts = useTexts();
  const words = usePart('people');
  const token = useToken();
  const link = useLook(token);
  useEffect(() => {
    document.title = texts.product;
  }, [texts]);
  if (token === '') return <Bad hint={words.welcome.noToken} />;
  if (link.isPending) return <Loading height={320} />;
  if (link.isError) return <Bad hint={words.welcome.badHint} />;
  return <Use token={token} link={link.data} />;
}

function Bad({ hint }: { hint: string }) {
  const words = usePart('people');
  return (
    <Door title={words.welcome.bad} hint={hint}>
      <div>
        <a className="button" href="/">
          {words.welcome.toStart}
        </a>
      </div>
    </Door>
  );
}

function Use({ token, link }: { token: string; link: LinkSeen }) {
  const { locale } = usePreferences();
  const words = usePart('people');
  const client = useQueryClient();
  const navigate = useNavigate();
  const accept = useAccept();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [known, setKnown] = useState(false);
  const isNew = link.kind === 'owner' || (link.kind === 'invitation' && !known);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = { token, password, ...(isNew && { name: name.trim() }), ...(link.kind === 'owner' && { email: email.trim() }) };
    accept.mutate(given, {
      onSuccess: async (me) => {
        await client.resetQueries();
        await navigate({ to: '/', search: me.workspace === 'main' ? {} : { workspace: me.workspace } });
      },
    });
  };
  const { title, hint } = saidOf(link, words);
  return (
    <Door title={title} hint={hint}>
      <form className="stack" onSubmit={submit}>
        {link.kind === 'invitation' && (
          <fieldset className="row plain">
            <legend className="visually-hidden">{title}</legend>
            <label className="row">
              <input type="radio" name="known" checked={!known} onChange={() => setKnown(false)} /> {words.welcome.isNew}
            </label>
            <label className="row">
              <input type="radio" name="known" checked={known} onChange={() => setKnown(true)} /> {words.welcome.isKnown}
            </label>
          </fieldset>
        )}
        {isNew && <TextField label={words.welcome.name} value={name} set={setName} required complete="name" most={100} />}
        {link.kind === 'owner' && <TextField label={words.signIn.email} kind="email" value={email} set={setEmail} required complete="username" />}
        <TextField
          label={link.kind === 'reset' ? words.welcome.newPassword : words.welcome.password}
          kind="password"
          value={password}
          set={setPassword}
          required
          complete={known ? 'current-password' : 'new-password'}
          {...(!known && { least: 12, hint: words.welcome.passwordHint })}
        />
        <Wrong error={accept.error} />
        <div>
          <button type="submit" className="button main" disabled={accept.isPending}>
            {words.welcome.go}
          </button>
        </div>
        {link.expires != null && <p className="soft small">{words.welcome.expires(instant(locale, BROWSER_ZONE, link.expires))}</p>}
      </form>
    </Door>
  );
}

function saidOf(link: LinkSeen, words: ReturnType<typeof usePart<'people'>>): { title: string; hint: string } {
  switch (link.kind) {
    case 'invitation':
      return { title: words.welcome.invitation(link.workspace), hint: words.welcome.invitationHint(link.email ?? '', link.role == null ? '' : words.roles[link.role]) };
    case 'reset':
      return { title: words.welcome.reset, hint: words.welcome.resetHint(link.email ?? '') };
    default:
      return { title: words.welcome.owner, hint: words.welcome.ownerHint };
  }
}
