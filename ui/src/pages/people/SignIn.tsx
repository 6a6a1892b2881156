/** Signing in: with an address and a password, or with a key. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, type FormEvent } from 'react';

import { useForgotten, useSignIn } from '../../api/access';
import { Failure, hasKey, keepKey } from '../../api/client';
import { TextField, Wrong } from '../../components/Forms';
import { WithCommands } from '../../components/WithCommands';
import { useTexts } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { Door } from './Door';

export default function SignIn() {
  const texts = useTexts();
  const words = usePart('people');
  const [byKey, setByKey] = useState(hasKey);
  useEffect(() => {
    document.title = `${words.signIn.title} – ${texts.product}`;
  }, [words, texts]);
  return (
    <Door title={words.signIn.title}>
      {byKey ? <ByKey /> : <ByPassword />}
      <div>
        <button type="button" className="button quiet" onClick={() => setByKey(!byKey)}>
          {byKey ? words.signIn.byPassword : words.signIn.byKey}
        </button>
      </div>
      <p className="soft small">{words.signIn.first}</p>
    </Door>
  );
}

function ByPassword() {
  const words = usePart('people');
  const signIn = useSignIn();
  const forgotten = useForgotten();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const isWrong = signIn.error instanceof Failure && signIn.error.status === 401;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ email: email.trim(), password });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <TextField label={words.signIn.email} kind="email" value={email} set={setEmail} required complete="username" />
      <TextField label={words.signIn.password} kind="password" value={password} set={setPassword} required complete="current-password" />
      {isWrong ? (
        <div className="wrong" role="alert">
          {words.signIn.wrong}
        </div>
      ) : (
        <Wrong error={signIn.error} />
      )}
      <div>
        <button type="submit" className="button main" disabled={signIn.isPending || email === '' || password === ''}>
          {words.signIn.go}
        </button>
      </div>
      <div className="row">
        <button type="button" className="button quiet" disabled={forgotten.isPending || !email.includes('@')} onClick={() => forgotten.mutate(email.trim())}>
          {words.signIn.forgotten}
        </button>
        <span role="status" className="soft small">
          {forgotten.isSuccess ? words.signIn.sent : ''}
        </span>
      </div>
      <Wrong error={forgotten.error} />
      <p className="soft small">
        <WithCommands text={words.signIn.forgot} />
      </p>
    </form>
  );
}

/** A key is kept until the tab is closed. One that is kept and yet leads here opens nothing. */
function ByKey() {
  const texts = useTexts();
  const client = useQueryClient();
  const [key, setKey] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keepKey(key.trim());
    void client.resetQueries();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <TextField label={texts.key.label} kind="password" value={key} set={setKey} required complete="current-password" hint={texts.key.hint} />
      {hasKey() && (
        <div className="wrong" role="alert">
          {texts.key.wrong}
        </div>
      )}
      <div>
        <button type="submit" className="button main" disabled={key.trim() === ''}>
          {texts.key.enter}
        </button>
      </div>
    </form>
  );
}
