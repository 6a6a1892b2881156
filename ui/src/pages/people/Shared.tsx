/** Opens a shared view by its link. */
import { useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';

import { useAccept } from '../../api/access';
import { Loading } from '../../components/States';
import { usePart } from '../../texts/parts';
import { Door } from './Door';
import { useToken } from './token';

/** Only a path of this app is gone to. */
function localPath(view: string | undefined): string {
  return view !== undefined && /^\/(?![/\\])/.test(view) ? view : '/';
}

export default function Shared() {
  const words = usePart('people');
  const client = useQueryClient();
  const router = useRouter();
  const token = useToken();
  const { mutate, isError } = useAccept();
  useEffect(() => {
    if (token === '') return;
    mutate(
      { token },
      {
        onSuccess: (me) => {
          client.clear();
          router.history.replace(localPath(me.share?.view));
        },
      },
    );
  }, [token, mutate, client, router]);
  if (token !== '' && !isError) {
    return (
      <Door title={words.shared.opening}>
        <Loading height={120} />
      </Door>
    );
  }
  return <Door title={words.welcome.bad} hint={token === '' ? words.welcome.noToken : words.welcome.badHint}>{null}</Door>;
}
