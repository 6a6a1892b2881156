/** The addresses of the app. Pages are loaded when they are opened. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, retainSearchParams } from '@tanstack/react-router';

import { Failed, Loading } from './components/States';
import { useTexts } from './shell/preferences';
import { Root } from './shell/Root';
import { readExplore, said, text, texts } from './router-search';
import { parseSearch, writeSearch } from './view/search';
import { KEPT, readView, type ViewSearch } from './view/view';

const root = createRootRoute({
  component: Root,
  validateSearch: (search: Record<string, unknown>): ViewSearch => readView(search),
  search: { middlewares: [retainSearchParams([...KEPT])] },
  notFoundComponent: Missing,
  errorComponent: ({ error, reset }) => <Failed error={error} again={reset} />,
});

const today = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/today/Today')),
});

const outcomes = createRoute({
  getParentRoute: () => root,
  path: '/outcomes',
  validateSearch: (search: Record<string, unknown>) => said<{ of: string; by: string }>({ of: text(search.of), by: text(search.by) }),
  component: lazyRouteComponent(() => import('./pages/outcomes/Outcomes')),
});

export interface TopicsSearch {
  part: string;
  step: string;
  direction: string;
  depth: string;
  of: string;
  through: string[];
  within: string;
  unit: string;
  by: string;
}

const topics = createRoute({
  getParentRoute: () => root,
  path: '/topics',
  validateSearch: (search: Record<string, unknown>) =>
    said<TopicsSearch>({
      part: text(search.part),
      step: text(search.step),
      direction: text(search.direction),
      depth: text(search.depth),
      of: text(search.of),
      through: texts(search.through),
      within: text(search.within),
      unit: text(search.unit),
      by: text(search.by),
    }),
  component: lazyRouteComponent(() => import('./pages/topics/Topics')),
});

const topic = createRoute({
  getParentRoute: () => root,
  path: '/topics/$topic',
  component: lazyRouteComponent(() => import('./pages/topics/Topic')),
});

const audience = createRoute({
  getParentRoute: () => root,
  path: '/audience',
  validateSearch: (search: Record<string, unknown>) => said<{ by: string }>({ by: text(search.by) }),
  component: lazyRouteComponent(() => import('./pages/audience/Audience')),
});

const handover = createRoute({
  getParentRoute: () => root,
  path: '/handover',
  component: lazyRouteComponent(() => import('./pages/handover/Handover')),
});

const improve = createRoute({
  getParentRoute: () => root,
  path: '/improve',
  component: lazyRouteComponent(() => import('./pages/improve/Improve')),
});

const ai = createRoute({
  getParentRoute: () => root,
  path: '/ai',
  validateSearch: (search: Record<string, unknown>) => said<{ by: string }>({ by: text(search.by) }),
  component: lazyRouteComponent(() => import('./pages/ai/Models')),
});

const conversations = createRoute({
  getParentRoute: () => root,
  path: '/conversations',
  validateSearch: (search: Record<string, unknown>) =>
    said<{ find: string; order: string; column: string[]; live: string }>({
      find: text(search.find),
      order: text(search.order),
      column: texts(search.column),
      live: text(search.live),
    }),
  component: lazyRouteComponent(() => import('./pages/conversations/Conversations')),
});

const session = createRoute({
  getParentRoute: () => root,
  path: '/conversations/$id',
  component: lazyRouteComponent(() => import('./pages/conversations/Session')),
});

const explore = createRoute({
  getParentRoute: () => root,
  path: '/explore',
  validateSearch: readExplore,
  component: lazyRouteComponent(() => import('./pages/explore/Explore')),
});

const segments = createRoute({
  getParentRoute: () => root,
  path: '/segments',
  validateSearch: (search: Record<string, unknown>) => said<{ with: string[] }>({ with: texts(search.with) }),
  component: lazyRouteComponent(() => import('./pages/segments/Segments')),
});

const boards = createRoute({
  getParentRoute: () => root,
  path: '/boards',
  component: lazyRouteComponent(() => import('./pages/boards/Boards')),
});

const board = createRoute({
  getParentRoute: () => root,
  path: '/boards/$board',
  component: lazyRouteComponent(() => import('./pages/boards/Board')),
});

const glossary = createRoute({
  getParentRoute: () => root,
  path: '/glossary',
  validateSearch: (search: Record<string, unknown>) => said<{ find: string; platform: string }>({ find: text(search.find), platform: text(search.platform) }),
  component: lazyRouteComponent(() => import('./pages/glossary/Glossary')),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: (search: Record<string, unknown>) => said<{ section: string }>({ section: text(search.section) }),
  component: lazyRouteComponent(() => import('./pages/settings/Settings')),
});

const start = createRoute({
  getParentRoute: () => root,
  path: '/start',
  validateSearch: (search: Record<string, unknown>) => said<{ step: string; platform: string }>({ step: text(search.step), platform: text(search.platform) }),
  component: lazyRouteComponent(() => import('./pages/start/Start')),
});

const welcome = createRoute({
  getParentRoute: () => root,
  path: '/welcome',
  component: lazyRouteComponent(() => import('./pages/people/Welcome')),
});

const shared = createRoute({
  getParentRoute: () => root,
  path: '/shared',
  component: lazyRouteComponent(() => import('./pages/people/Shared')),
});

export const router = createRouter({
  routeTree: root.addChildren([today, outcomes, topics, topic, audience, handover, improve, ai, conversations, session, explore, segments, boards, board, settings, start, glossary, welcome, shared]),
  parseSearch,
  stringifySearch: writeSearch,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading height={320} />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

function Missing() {
  const words = useTexts();
  return (
    <div className="state">
      <h1>{words.states.missingPage}</h1>
      <Link to="/" className="button">
        {words.states.toStart}
      </Link>
    </div>
  );
}
