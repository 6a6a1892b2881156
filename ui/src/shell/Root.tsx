/** What stands around every page: nothing for who comes by a link, the sign-in for who is nobody yet, else the shell. */
import { Outlet, useRouterState } from '@tanstack/react-router';
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect } from 'react';

import { useMe } from '../api/access';
import { Failure } from '../api/client';
import { useSettings } from '../api/workspace';
import { Loading } from '../components/States';
import { WithAddress } from '../view/held';
import { useView } from '../view/use-view';
import { Shell } from './Shell';

const SignIn = lazy(() => import('../pages/people/SignIn'));

/** Addresses by which somebody comes who may have no account. */
const LINKS = ['/welcome', '/shared'];

export function Root() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  if (LINKS.includes(path)) {
    return (
      <Suspense fallback={<Loading height={320} />}>
        <Outlet />
      </Suspense>
    );
  }
  return (
    <WithAddress>
      <Known />
    </WithAddress>
  );
}

/** The address stays as it is while somebody signs in, and shows what it leads to afterwards. */
function Known() {
  const me = useMe();
  const settings = useSettings(useView());
  const client = useQueryClient();
  // A sign-in may end while pages are open.
  useEffect(
    () =>
      client.getQueryCache().subscribe((event) => {
        if (event.type !== 'updated' || event.action.type !== 'error' || event.query.queryKey[0] === 'me') return;
        if (event.action.error instanceof Failure && event.action.error.status === 401) void client.invalidateQueries({ queryKey: ['me'] });
      }),
    [client],
  );
  if (me.error instanceof Failure && me.error.status === 401) {
    return (
      <Suspense fallback={<Loading height={320} />}>
        <SignIn />
      </Suspense>
    );
  }
  return <Shell ready={!me.isPending && !settings.isPending} />;
}
