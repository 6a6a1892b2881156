/** Who looks: the person, the workspace, language and colours, and the way out. */
import * as Popover from '@radix-ui/react-popover';
import { Suspense, lazy, useState } from 'react';

import { useMe, useSignOut, type Me } from '../api/access';
import { forgetKey } from '../api/client';
import { WithCommands } from '../components/WithCommands';
import { useSetView } from '../view/use-view';
import { PreferenceFields } from './PreferencesMenu';
import { useTexts } from './preferences';

const AccountDialog = lazy(() => import('../pages/people/AccountDialog'));

export function PersonMenu() {
  const texts = useTexts();
  const me = useMe().data;
  const [account, setAccount] = useState(false);
  const [open, setOpen] = useState(false);
  const name = me?.person?.name ?? (me?.mode === 'share' ? me.share?.name : undefined);
  return (
    <>
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger className="button quiet">
          {name ?? texts.shell.settings}
          {me?.mode === 'open' && <span className="badge warn">{texts.me.open}</span>}
          {me?.mode === 'share' && <span className="badge accent">{texts.me.shared}</span>}
          {me?.mode === 'key' && <span className="badge">{texts.me.key}</span>}
        </Popover.Trigger>
        <Popover.Content className="popover stack" side="top" align="start" sideOffset={6} aria-label={texts.shell.settings}>
          {me !== undefined && <Who me={me} />}
          {me !== undefined && me.workspaces.length > 1 && <Workspaces me={me} />}
          <PreferenceFields />
          {me?.mode === 'person' && (
            <button
              type="button"
              className="button quiet"
              onClick={() => {
                setOpen(false);
                setAccount(true);
              }}
            >
              {texts.me.account}
            </button>
          )}
          {(me?.mode === 'person' || me?.mode === 'key') && <SignOut />}
        </Popover.Content>
      </Popover.Root>
      <Suspense fallback={null}>{account && me?.person != null && <AccountDialog me={me} person={me.person} close={() => setAccount(false)} />}</Suspense>
    </>
  );
}

function Who({ me }: { me: Me }) {
  const texts = useTexts();
  if (me.mode === 'open') return <p className="soft small"><WithCommands text={texts.me.openHint} /></p>;
  if (me.person == null) return null;
  return (
    <p className="small">
      <strong>{me.person.name}</strong>
      <br />
      <span className="soft">
        {me.person.email}
        {me.role != null && ` · ${texts.me.roles[me.role]}`}
      </span>
    </p>
  );
}

function Workspaces({ me }: { me: Me }) {
  const texts = useTexts();
  const setView = useSetView();
  return (
    <label className="stack" style={{ gap: 4 }}>
      {texts.me.workspace}
      <select value={me.workspace} onChange={(event) => setView({ workspace: event.target.value === 'main' ? undefined : event.target.value, filter: [], bot: undefined })}>
        {me.workspaces.map((one) => (
          <option key={one.workspace} value={one.workspace}>
            {one.workspace}
          </option>
        ))}
      </select>
    </label>
  );
}

function SignOut() {
  const texts = useTexts();
  const signOut = useSignOut();
  return (
    <button
      type="button"
      className="button quiet"
      disabled={signOut.isPending}
      onClick={() => {
        forgetKey();
        signOut.mutate();
      }}
    >
      {texts.me.signOut}
    </button>
  );
}
