/** Shares what is shown, by a link. */
import { useRouterState } from '@tanstack/react-router';
import { useState } from 'react';

import { useMay } from '../../api/access';
import { ShareDialog } from '../../components/ShareDialog';
import { usePart } from '../../texts/parts';

export function Share() {
  const words = usePart('work');
  const mayShare = useMay('shares');
  const [open, setOpen] = useState(false);
  const address = useRouterState({ select: (state) => state.location.href });
  if (!mayShare) return null;
  return (
    <div className="row push">
      <button type="button" className="button" onClick={() => setOpen(true)}>
        {words.share.title}
      </button>
      {open && <ShareDialog address={address} close={() => setOpen(false)} />}
    </div>
  );
}
