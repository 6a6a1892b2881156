/** What people wrote on a session: labels and notes. */
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import { useAddLabel, useAddNote, useLabels, useNotes, useRemoveLabel, useRemoveNote } from '../../api/notes';
import { Card } from '../../components/Cards';
import { AreaField, Sure, TextField, Wrong } from '../../components/Forms';
import { Answered } from '../../components/States';
import { instant } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';
import { quoted } from '../../view/view';

export function Notes({ id }: { id: string }) {
  const words = usePart('work').notes;
  const view = useView();
  const notes = useNotes(view, id);
  return (
    <Card title={words.title} hint={words.hint}>
      <Answered asked={notes} height={120}>
        {(answer) => (
          <div className="stack">
            <Labels id={id} labels={answer.labels} />
            <List id={id} notes={answer.notes} />
          </div>
        )}
      </Answered>
    </Card>
  );
}

function Labels({ id, labels }: { id: string; labels: { label: string }[] }) {
  const work = usePart('work');
  const words = work.notes;
  const view = useView();
  const mayWrite = useMay('notes');
  const known = useLabels(view);
  const add = useAddLabel(view, id);
  const take = useRemoveLabel(view, id);
  const [label, setLabel] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (label.trim() !== '') add.mutate(label.trim(), { onSuccess: () => setLabel('') });
  };
  return (
    <div className="stack" style={{ gap: 8 }}>
      <ul className="row" aria-label={words.labels}>
        {labels.map((one) => (
          <li key={one.label} className="chip">
            <Link to="/conversations" search={{ range: 'all', filter: [`label = ${quoted(one.label)}`] }}>
              {one.label}
            </Link>
            {mayWrite && (
              <button type="button" aria-label={words.removeLabel(one.label)} onClick={() => take.mutate(one.label)}>
                ×
              </button>
            )}
          </li>
        ))}
        {labels.length === 0 && <li className="soft small">{words.noLabels}</li>}
      </ul>
      {mayWrite && (
        <form className="row bottoms" onSubmit={submit}>
          <TextField label={words.label} value={label} set={setLabel} most={100} list={(known.data?.labels ?? []).map((one) => one.label)} />
          <button type="submit" className="button" disabled={add.isPending || label.trim() === ''}>
            {words.add}
          </button>
        </form>
      )}
      <Wrong error={add.error ?? take.error} />
    </div>
  );
}

function List({ id, notes }: { id: string; notes: { id: string; text: string; author?: string | null; created: string }[] }) {
  const { locale } = usePreferences();
  const work = usePart('work');
  const words = work.notes;
  const view = useView();
  const mayWrite = useMay('notes');
  const add = useAddNote(view, id);
  const take = useRemoveNote(view, id);
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== '') add.mutate(text.trim(), { onSuccess: () => setText('') });
  };
  return (
    <div className="stack" style={{ gap: 8 }}>
      <ul>
        {notes.map((note) => (
          <li key={note.id} className="list-entry">
            <p className="note">{note.text}</p>
            <span className="row spread soft small">
              {[note.author, instant(locale, view.zone, note.created)].filter((part) => part != null).join(' · ')}
              {mayWrite && <Sure label={work.remove} about={note.text.slice(0, 40)} sure={work.reallyRemove} keep={work.keep} busy={take.isPending} act={() => take.mutate(note.id)} />}
            </span>
          </li>
        ))}
      </ul>
      {mayWrite && (
        <form className="stack" style={{ gap: 6 }} onSubmit={submit}>
          <AreaField label={words.note} value={text} set={setText} most={10_000} />
          <div>
            <button type="submit" className="button" disabled={add.isPending || text.trim() === ''}>
              {words.addNote}
            </button>
          </div>
        </form>
      )}
      <Wrong error={add.error ?? take.error} />
    </div>
  );
}
