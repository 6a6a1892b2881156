/** The saved views: opened, saved, shared, removed. */
import * as Popover from '@radix-ui/react-popover';
import { Link, useRouter, useRouterState } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';

import { useMay } from '../../api/access';
import type { Query } from '../../api/client';
import { nameOf, useRemoveView, useSaveView, useViews, type SavedView } from '../../api/saved';
import { Dialog } from '../../components/Dialog';
import { Sure, TextField, Wrong } from '../../components/Forms';
import { ShareDialog } from '../../components/ShareDialog';
import { Answered } from '../../components/States';
import { usePart } from '../../texts/parts';
import { useView } from '../../view/use-view';

export function Views({ query, show }: { query: Query; show: string }) {
  const words = usePart('work');
  const mayDefine = useMay('define');
  const mayShare = useMay('shares');
  const [open, setOpen] = useState(false);
  const [dialog, setDialog] = useState<'save' | 'share' | null>(null);
  const address = useRouterState({ select: (state) => state.location.href });
  return (
    <div className="row push">
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger className="button">{words.views.title}</Popover.Trigger>
        <Popover.Content className="popover stack" align="end" sideOffset={6} aria-label={words.views.title}>
          <List close={() => setOpen(false)} />
          <Link to="/boards" className="button quiet" onClick={() => setOpen(false)}>
            {words.boards.title}
          </Link>
        </Popover.Content>
      </Popover.Root>
      {mayDefine && (
        <button type="button" className="button" onClick={() => setDialog('save')}>
          {words.views.save}
        </button>
      )}
      {mayShare && (
        <button type="button" className="button" onClick={() => setDialog('share')}>
          {words.share.title}
        </button>
      )}
      {dialog === 'save' && <Save address={address} query={query} show={show} close={() => setDialog(null)} />}
      {dialog === 'share' && <ShareDialog address={address} close={() => setDialog(null)} />}
    </div>
  );
}

function List({ close }: { close: () => void }) {
  const words = usePart('work');
  const view = useView();
  const router = useRouter();
  const mayDefine = useMay('define');
  const views = useViews(view);
  const removing = useRemoveView(view);
  const go = (saved: SavedView) => {
    close();
    router.history.push(saved.address);
  };
  return (
    <Answered asked={views} height={80}>
      {(answer) =>
        answer.views.length === 0 ? (
          <p className="soft small">{words.views.none}</p>
        ) : (
          <ul>
            {answer.views.map((saved) => (
              <li key={saved.name} className="row" style={{ flexWrap: 'nowrap' }}>
                <button type="button" className="menu-item" onClick={() => go(saved)}>
                  <span>
                    {saved.title}
                    {saved.description !== '' && <span className="soft small search-hint">{saved.description}</span>}
                  </span>
                </button>
                {mayDefine && <Sure label={words.remove} about={saved.title} sure={words.reallyRemove} keep={words.keep} busy={removing.isPending} act={() => removing.mutate(saved.name)} />}
              </li>
            ))}
          </ul>
        )
      }
    </Answered>
  );
}

function Save({ address, query, show, close }: { address: string; query: Query; show: string; close: () => void }) {
  const words = usePart('work');
  const view = useView();
  const views = useViews(view);
  const save = useSaveView(view);
  const [title, setTitle] = useState('');
  const [description, setDescription] = useState('');
  const all = views.data?.views ?? [];
  // A title that is there already is saved anew under its name.
  const same = all.find((one) => one.title === title.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = same?.name ?? nameOf(title, new Set(all.map((one) => one.name)));
    save.mutate({ name, title: title.trim(), address, query, chart: { show } as never, description: description.trim() }, { onSuccess: close });
  };
  return (
    <Dialog title={words.views.save} onClose={close}>
      <form className="stack" onSubmit={submit}>
        <TextField label={words.views.name} value={title} set={setTitle} required most={100} hint={same === undefined ? words.views.saveHint : words.views.replaces} />
        <TextField label={words.description} value={description} set={setDescription} hint={words.optional} />
        <Wrong error={save.error} />
        <div>
          <button type="submit" className="button main" disabled={save.isPending || title.trim() === ''}>
            {words.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
