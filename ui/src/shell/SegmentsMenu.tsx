/** The saved segments: looked through at a click; and the filters of the bar saved as one. */
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';

import { useMay } from '../api/access';
import { segmentOf, together, useSaveSegment, useSegments } from '../api/segments';
import { TextField, Wrong } from '../components/Forms';
import { Answered } from '../components/States';
import { usePart } from '../texts/parts';
import { useSetView, useView } from '../view/use-view';
import { quoted } from '../view/view';

export default function SegmentsMenu({ close }: { close: () => void }) {
  const words = usePart('work');
  const view = useView();
  const setView = useSetView();
  const segments = useSegments(view);
  return (
    <>
      <Answered asked={segments} height={60}>
        {(answer) =>
          answer.segments.length === 0 ? (
            <p className="soft small">{words.segments.none}</p>
          ) : (
            <fieldset className="values">
              <legend className="visually-hidden">{words.segments.title}</legend>
              {answer.segments.map((segment) => {
                const filter = `segment ${quoted(segment.name)}`;
                const isUsed = view.filter.some((one) => segmentOf(one) === segment.name);
                return (
                  <label key={segment.name} className="menu-item">
                    <input
                      type="checkbox"
                      checked={isUsed}
                      onChange={() => setView({ filter: isUsed ? view.filter.filter((one) => segmentOf(one) !== segment.name) : [...view.filter, filter] })}
                    />
                    <span>
                      {segment.name}
                      <span className="soft small search-hint">{segment.description === '' ? segment.filter : segment.description}</span>
                    </span>
                  </label>
                );
              })}
            </fieldset>
          )
        }
      </Answered>
      <Save />
      <Link to="/segments" className="button quiet" onClick={close}>
        {words.segments.all}
      </Link>
    </>
  );
}

function Save() {
  const words = usePart('work');
  const view = useView();
  const setView = useSetView();
  const save = useSaveSegment(view);
  const mayDefine = useMay('define');
  const [name, setName] = useState('');
  if (!mayDefine) return null;
  if (view.filter.length === 0) return <p className="soft small">{words.segments.noFilters}</p>;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const segment = { name: name.trim(), filter: together(view.filter), description: '' };
    save.mutate(segment, {
      onSuccess: () => {
        setName('');
        setView({ filter: [`segment ${quoted(segment.name)}`] });
      },
    });
  };
  return (
    <form className="stack" style={{ gap: 6 }} onSubmit={submit}>
      <TextField label={words.segments.saveCurrent} value={name} set={setName} required most={100} placeholder={words.name} />
      <Wrong error={save.error} />
      <div>
        <button type="submit" className="button main" disabled={save.isPending || name.trim() === ''}>
          {words.save}
        </button>
      </div>
    </form>
  );
}
