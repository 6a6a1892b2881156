/** Asks for the server's key where an answer says that one is needed. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { Failure, keepKey } from '../api/client';
import { Dialog } from '../components/Dialog';
import { useTexts } from './preferences';

export function KeyDialog() {
  const texts = useTexts();
  const client = useQueryClient();
  const [needed, setNeeded] = useState(false);
  const [tried, setTried] = useState(false);
  const [key, setKey] = useState('');

  useEffect(
    () =>
      client.getQueryCache().subscribe((event) => {
        const error: unknown = event.query.state.error;
        if (error instanceof Failure && error.status === 401) setNeeded(true);
      }),
    [client],
  );
  if (!needed) return null;
  return (
    <Dialog title={texts.key.title} onClose={() => setNeeded(false)}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          keepKey(key.trim());
          setTried(true);
          setNeeded(false);
          void client.invalidateQueries();
        }}
      >
        <label className="stack" style={{ gap: 4 }}>
          {texts.key.label}
          <input type="password" autoComplete="current-password" value={key} onChange={(event) => setKey(event.target.value)} />
        </label>
        <p className="soft small">{tried ? texts.key.wrong : texts.key.hint}</p>
        <div>
          <button type="submit" className="button main" disabled={key.trim() === ''}>
            {texts.key.enter}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
