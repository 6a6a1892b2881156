/** The end of a form that sets something. */
import { usePart } from '../../texts/parts';

/** The button that saves, and what became of it. */
export function Saving({ may, pending, done }: { may: boolean; pending: boolean; done: boolean }) {
  const words = usePart('settings');
  if (!may) return <p className="soft small">{words.readOnly}</p>;
  return (
    <div className="row">
      <button type="submit" className="button main" disabled={pending}>
        {words.save}
      </button>
      <span role="status" className="good">
        {done && !pending ? words.saved : ''}
      </span>
    </div>
  );
}
