/** A board's name, and which views are on it in which order. */
import { useState, type FormEvent } from 'react';

import { nameOf, useBoards, useSaveBoard, useViews, type SavedBoard } from '../../api/saved';
import { Dialog } from '../../components/Dialog';
import { TextField, Wrong } from '../../components/Forms';
import { useTexts } from '../../shell/preferences';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';

export function EditBoard({ board, close }: { board: SavedBoard | undefined; close: (saved?: string) => void }) {
  const texts = useTexts();
  const words = usePart('work');
  const view = useView();
  const views = useViews(view);
  const boards = useBoards(view);
  const save = useSaveBoard(view);
  const [title, setTitle] = useState(board?.title ?? '');
  const [description, setDescription] = useState(board?.description ?? '');
  const [chosen, setChosen] = useState<string[]>(board?.views ?? []);
  const all = views.data?.views ?? [];
  const titleOf = (name: string) => all.find((one) => one.name === name)?.title ?? name;
  const move = (from: number, to: number) => {
    const next = [...chosen];
    const [one] = next.splice(from, 1);
    if (one !== undefined) next.splice(to, 0, one);
    setChosen(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = board?.name ?? nameOf(title, new Set((boards.data?.boards ?? []).map((one) => one.name)));
    save.mutate({ name, title: title.trim(), views: chosen, description: description.trim() }, { onSuccess: () => close(name) });
  };
  return (
    <Dialog title={board?.title ?? words.boards.add} onClose={() => close()}>
      <form className="stack" onSubmit={submit}>
        <TextField label={words.name} value={title} set={setTitle} required most={100} />
        <TextField label={words.description} value={description} set={setDescription} hint={words.optional} />
        <fieldset className="plain stack" style={{ gap: 4 }}>
          <legend>{words.boards.onIt}</legend>
          <ol className="funnel-steps">
            {chosen.map((name, place) => (
              <li key={name} className="row">
                <span>{titleOf(name)}</span>
                <span className="row push" style={{ flexWrap: 'nowrap' }}>
                  <button type="button" className="button quiet icon" disabled={place === 0} aria-label={words.boards.earlier(titleOf(name))} onClick={() => move(place, place - 1)}>
                    <span aria-hidden="true">↑</span>
                  </button>
                  <button type="button" className="button quiet icon" disabled={place === chosen.length - 1} aria-label={words.boards.later(titleOf(name))} onClick={() => move(place, place + 1)}>
                    <span aria-hidden="true">↓</span>
                  </button>
                  <button type="button" className="button quiet icon" aria-label={texts.explore.remove(titleOf(name))} onClick={() => setChosen(chosen.filter((other) => other !== name))}>
                    <span aria-hidden="true">×</span>
                  </button>
                </span>
              </li>
            ))}
          </ol>
          <select
            aria-label={words.boards.addView}
            value=""
            onChange={(event) => {
              if (event.target.value !== '') setChosen([...chosen, event.target.value]);
            }}
          >
            <option value="">{words.boards.addView}</option>
            {all
              .filter((one) => !chosen.includes(one.name))
              .map((one) => (
                <option key={one.name} value={one.name}>
                  {one.title}
                </option>
              ))}
          </select>
        </fieldset>
        <Wrong error={save.error} />
        <div>
          <button type="submit" className="button main" disabled={save.isPending || title.trim() === '' || chosen.length === 0}>
            {words.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
