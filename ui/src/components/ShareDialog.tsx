/** Makes a link by which anybody may look at the numbers of a view. */
import { useState, type FormEvent } from 'react';

import { Failure } from '../api/client';
import { useMakeShare } from '../api/people';
import { usePart } from '../texts/parts';
import { attributesOf } from '../view/attributes';
import { useView } from '../view/use-view';
import { Copyable } from './Copy';
import { Dialog } from './Dialog';
import { TextField, Wrong } from './Forms';

/** `shows` are addresses of views that are shown on what is shared. */
export function ShareDialog({ address, shows = [], close }: { address: string; shows?: readonly string[]; close: () => void }) {
  const words = usePart('work');
  const view = useView();
  const make = useMakeShare(view);
  const [name, setName] = useState('');
  const [until, setUntil] = useState('');
  const attributes = attributesOf([address, ...shows]);
  // What is wrong with the view itself: an address of the app is refused for nothing else.
  const asksForIds = make.error instanceof Failure && make.error.problem?.errors?.some((one) => one.field === 'view') === true;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate({ name: name.trim(), view: address, ...(until !== '' && { expires: `${until}T23:59:59Z` }) });
  };
  return (
    <Dialog title={words.share.title} onClose={close}>
      <p className="soft">{words.share.hint}</p>
      {make.data === undefined ? (
        <form className="stack" onSubmit={submit}>
          <TextField label={words.name} value={name} set={setName} required most={100} />
          <TextField label={words.share.until} kind="date" value={until} set={setUntil} hint={words.share.untilHint} />
          {attributes.length > 0 && <p className="caution">{words.share.attributes(attributes.join(', '), attributes.length)}</p>}
          {asksForIds ? (
            <p className="wrong" role="alert">
              {words.share.ids}
            </p>
          ) : (
            <Wrong error={make.error} />
          )}
          <div>
            <button type="submit" className="button main" disabled={make.isPending || name.trim() === ''}>
              {words.share.make}
            </button>
          </div>
        </form>
      ) : (
        <>
          <p role="status">{words.share.made}</p>
          <Copyable text={new URL(make.data.link, window.location.href).href} label={words.share.title} />
        </>
      )}
    </Dialog>
  );
}
