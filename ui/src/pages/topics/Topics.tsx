/** Topics, agents and workflows; what leads where; funnels; what is clicked and asked. */
import { Link, useSearch } from '@tanstack/react-router';

import { Nothing, useNothing } from '../../components/Nothing';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import { Clicks } from './Clicks';
import { Flows } from './Flows';
import { Funnel } from './Funnel';
import { Paths } from './Paths';
import { Report } from './Report';

export const PARTS = ['report', 'flows', 'paths', 'funnel', 'clicks'] as const;

export default function Topics() {
  const { texts } = usePreferences();
  const view = useView();
  const chosen = useSearch({ from: '/topics', select: (search) => search.part });
  const nothing = useNothing(view);
  const part = PARTS.find((one) => one === chosen) ?? 'report';
  return (
    <>
      <div className="page-head">
        <h1>{texts.pages.topics}</h1>
      </div>
      <nav className="tabs" aria-label={texts.topics.parts}>
        {PARTS.map((one) => (
          <Link key={one} to="/topics" search={{ part: one }} aria-current={one === part ? 'page' : undefined}>
            {texts.topics.part[one]}
          </Link>
        ))}
      </nav>
      {nothing ? (
        <Nothing ever={nothing === 'ever'} />
      ) : (
        <div className="stack">
          {part === 'report' && <Report view={view} />}
          {part === 'flows' && <Flows view={view} />}
          {part === 'paths' && <Paths view={view} />}
          {part === 'funnel' && <Funnel view={view} />}
          {part === 'clicks' && <Clicks view={view} />}
        </div>
      )}
    </>
  );
}
