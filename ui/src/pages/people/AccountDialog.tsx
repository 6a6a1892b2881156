/** One's own name and password, and whether the digest comes. */
import { useState, type FormEvent } from 'react';

import { useChangeMe, type Me } from '../../api/access';
import { Dialog } from '../../components/Dialog';
import { TextField, Wrong } from '../../components/Forms';
import { usePart } from '../../texts/parts';

export default function AccountDialog({ me, person, close }: { me: Me; person: NonNullable<Me['person']>; close: () => void }) {
  const words = usePart('people');
  const change = useChangeMe();
  const [name, setName] = useState(person.name);
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [digest, setDigest] = useState(me.digest ?? false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(
      { ...(name.trim() !== person.name && { name: name.trim() }), ...(me.digest != null && digest !== me.digest && { digest }), ...(fresh !== '' && { password: { old, new: fresh } }) },
      {
        onSuccess: () => {
          setOld('');
          setFresh('');
        },
      },
    );
  };
  return (
    <Dialog title={words.me.account} onClose={close}>
      <form className="stack" onSubmit={submit}>
        <TextField label={words.signIn.email} value={person.email} set={() => undefined} disabled complete="username" />
        <TextField label={words.me.name} value={name} set={setName} required complete="name" most={100} />
        <TextField label={words.me.old} kind="password" value={old} set={setOld} complete="current-password" required={fresh !== ''} />
        <TextField label={words.me.new} kind="password" value={fresh} set={setFresh} complete="new-password" hint={words.me.newHint} least={12} />
        {me.digest != null && (
          <div>
            <label className="row">
              <input type="checkbox" checked={digest} onChange={(event) => setDigest(event.target.checked)} aria-describedby="digest-hint" />
              {words.me.digest}
            </label>
            <p id="digest-hint" className="soft small">
              {me.sends_mail === true ? words.me.digestHint : words.me.noMail}
            </p>
          </div>
        )}
        <Wrong error={change.error} />
        <div className="row">
          <button type="submit" className="button main" disabled={change.isPending || name.trim() === ''}>
            {words.me.save}
          </button>
          <span role="status" className="good">
            {change.isSuccess ? words.me.saved : ''}
          </span>
        </div>
      </form>
    </Dialog>
  );
}
