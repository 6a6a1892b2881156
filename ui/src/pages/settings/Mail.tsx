/** The mail server, and a test of it. */
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import type { Schemas } from '../../api/client';
import { useMail, useSetMail, useTestMail } from '../../api/people';
import { Card } from '../../components/Cards';
import { SelectField, TextField, Wrong } from '../../components/Forms';
import { Answered } from '../../components/States';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { Saving } from './Saving';

type Security = Schemas['MailSecurity'];

const SECURITIES: readonly Security[] = ['starttls', 'tls', 'none'];

export function Mail() {
  const words = usePart('settings');
  const mail = useMail(useView());
  return (
    <>
      <Card title={words.section.mail} hint={words.mail.hint}>
        <Answered asked={mail} height={320}>
          {(answer) => <Server mail={answer} />}
        </Answered>
      </Card>
      {mail.data !== undefined && mail.data.host !== '' && <Test />}
    </>
  );
}

function Server({ mail }: { mail: Schemas['Mail'] }) {
  const words = usePart('settings');
  // Links for new passwords go that way, also those of owners.
  const may = useMay('owners');
  const save = useSetMail(useView());
  const [host, setHost] = useState(mail.host);
  const [port, setPort] = useState(String(mail.port));
  const [security, setSecurity] = useState<Security>(mail.security);
  const [username, setUsername] = useState(mail.username);
  const [password, setPassword] = useState('');
  const [from, setFrom] = useState(mail.from);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ host: host.trim(), port: Number(port), security, username: username.trim(), from: from.trim(), ...(password !== '' && { password }) }, { onSuccess: () => setPassword('') });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="fields">
        <TextField label={words.mail.server} value={host} set={setHost} disabled={!may} hint={words.mail.serverHint} placeholder="smtp.example.org" />
        <TextField label={words.mail.port} kind="number" value={port} set={setPort} required disabled={!may} />
        <SelectField label={words.mail.encryption} value={security} options={SECURITIES.map((one) => [one, words.mail.encryptions[one]] as const)} set={setSecurity} disabled={!may} />
        <TextField label={words.mail.user} value={username} set={setUsername} disabled={!may} complete="off" />
        <TextField label={words.mail.password} kind="password" value={password} set={setPassword} disabled={!may} complete="new-password" hint={mail.password_set ? words.mail.passwordKept : undefined} />
        <TextField label={words.mail.from} value={from} set={setFrom} disabled={!may} hint={words.mail.fromHint} placeholder="Upshot <upshot@example.org>" />
      </div>
      <Wrong error={save.error} />
      {!may && <p className="soft small">{words.mail.ownersOnly}</p>}
      <Saving may={may} pending={save.isPending} done={save.isSuccess} />
    </form>
  );
}

function Test() {
  const words = usePart('settings');
  const test = useTestMail(useView());
  const [to, setTo] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    test.mutate({ to: to.trim() });
  };
  return (
    <Card title={words.mail.test}>
      <form className="row bottoms" onSubmit={submit}>
        <TextField label={words.people.email} kind="email" value={to} set={setTo} required />
        <button type="submit" className="button" disabled={test.isPending || to.trim() === ''}>
          {words.mail.testGo}
        </button>
        <span role="status" className="good">
          {test.isSuccess ? words.mail.testDone : ''}
        </span>
      </form>
      <Wrong error={test.error} />
    </Card>
  );
}
