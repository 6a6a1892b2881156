/** The frame of all pages: navigation, what is looked at, freshness, search and help. */
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useIsFetching, useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useState } from 'react';

import { Failure, get } from '../api/client';
import { useDemo } from '../api/workspace';
import { QuickLink } from '../components/QuickLink';
import { Loading } from '../components/States';
import { NumberDialogProvider } from '../components/number-dialog';
import { clock } from '../format/format';
import { Held, useIsHeld } from '../view/held';
import { useView } from '../view/use-view';
import { FilterBar } from './FilterBar';
import { PAGES, usePages } from './pages';
import { PersonMenu } from './PersonMenu';
import { usePreferences, useTexts } from './preferences';
import { useKeys } from './keys';

const SearchDialog = lazy(() => import('./SearchDialog'));
const DemoBanner = lazy(() => import('./DemoBanner'));
const HelpDialog = lazy(() => import('./HelpDialog'));

/** Pages that look at no range, and show no bar. */
const APART = ['/settings', '/glossary'];

type Open = 'search' | 'help' | null;

/** `ready`: whether it is known who looks, before which no page is shown. */
export function Shell({ ready }: { ready: boolean }) {
  const texts = useTexts();
  const navigate = useNavigate();
  const pages = usePages();
  const [open, setOpen] = useState<Open>(null);
  const [menu, setMenu] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const looks = !APART.some((one) => path.startsWith(one));
  // A dialog tells that it closed a moment later: another may be open by then.
  const closeSearch = useCallback(() => setOpen((now) => (now === 'search' ? null : now)), []);
  const closeHelp = useCallback(() => setOpen((now) => (now === 'help' ? null : now)), []);

  useEffect(() => setMenu(false), [path]);
  const here = PAGES.find((one) => (one.path === '/' ? path === '/' : path.startsWith(one.path)));
  useEffect(() => {
    document.title = here === undefined ? texts.product : `${texts.pages[here.id]} – ${texts.product}`;
  }, [here, texts]);
  useKeys({
    search: () => setOpen('search'),
    help: () => setOpen('help'),
    go: (key) => {
      const page = pages.find((one) => one.key === key);
      if (page !== undefined) void navigate({ to: page.path });
    },
  });

  return (
    <NumberDialogProvider>
      <div className="shell">
        <a className="skip button main" href="#content">
          {texts.shell.skip}
        </a>
        <aside className={menu ? 'side open' : 'side'} id="side">
          <QuickLink to="/" className="brand">
            <img src="/favicon.svg" alt="" width="24" height="24" />
            {texts.product}
          </QuickLink>
          <nav aria-label={texts.shell.navigation}>
            <ul className="pages">
              {pages.map((page) => (
                <li key={page.id}>
                  <QuickLink to={page.path} aria-current={page === here ? 'page' : undefined}>
                    <svg width="18" height="18" viewBox="0 0 20 20" aria-hidden="true">
                      <path d={page.icon} fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" />
                    </svg>
                    {texts.pages[page.id]}
                  </QuickLink>
                </li>
              ))}
            </ul>
          </nav>
          <div className="side-end">
            <button type="button" className="button quiet" onClick={() => setOpen('search')} aria-keyshortcuts="/">
              {texts.shell.search} <kbd className="push">/</kbd>
            </button>
            <button type="button" className="button quiet" onClick={() => setOpen('help')} aria-keyshortcuts="?">
              {texts.shell.help} <kbd className="push">?</kbd>
            </button>
            <PersonMenu />
          </div>
        </aside>
        <div>
          <header className={looks ? 'head' : 'head plain-head'}>
            <button
              type="button"
              className="button only-narrow"
              aria-expanded={menu}
              aria-controls="side"
              onClick={() => setMenu(!menu)}
            >
              {texts.shell.menu}
            </button>
            {looks && <FilterBar />}
            <Freshness />
          </header>
          <Demo />
          <Content ready={ready} />
        </div>
      </div>
      <Suspense fallback={null}>
        {open === 'search' && <SearchDialog close={closeSearch} />}
        {open === 'help' && <HelpDialog close={closeHelp} />}
      </Suspense>
    </NumberDialogProvider>
  );
}

/** The page itself, which waits for answers where a filter changes. */
function Content({ ready }: { ready: boolean }) {
  const isHeld = useIsHeld();
  return (
    <main className="page" id="content" tabIndex={-1} aria-busy={isHeld}>
      <Held>{ready ? <Outlet /> : <Loading height={320} />}</Held>
    </main>
  );
}

/** Says that what is seen is made up. */
function Demo() {
  const demo = useDemo(useView());
  if (demo.data?.is_demo !== true) return null;
  return (
    <Suspense fallback={<div className="banner" />}>
      <DemoBanner conversations={demo.data.conversations} />
    </Suspense>
  );
}

/** When the server was last asked, and whether it is well. */
function Freshness() {
  const { texts, locale } = usePreferences();
  const view = useView();
  const fetching = useIsFetching({ predicate: (query) => query.queryKey[0] !== 'health' });
  const health = useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => get('/health/ready', { signal }),
    refetchInterval: 30_000,
    retry: false,
  });
  if (health.isError) {
    const unreachable = health.error instanceof Failure && health.error.status === 0;
    return (
      <span className="fresh" role="status">
        <span className="badge bad" title={health.error.message}>
          {unreachable ? texts.shell.offline : texts.shell.notReady}
        </span>
      </span>
    );
  }
  return (
    <span className="fresh soft small">
      {fetching > 0 || health.dataUpdatedAt === 0
        ? texts.shell.updating
        : texts.shell.updated(clock(locale, view.zone, health.dataUpdatedAt))}
    </span>
  );
}
