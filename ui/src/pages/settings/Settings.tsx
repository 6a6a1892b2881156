/** What a workspace is set to; one part at a time, each with an address. */
import { Link, useSearch } from '@tanstack/react-router';
import type { ComponentType } from 'react';

import { useMe, type Permission } from '../../api/access';
import { usePart } from '../../texts/parts';
import { Annotations } from './Annotations';
import { Audit } from './Audit';
import { Bots } from './Bots';
import { Mail } from './Mail';
import { People } from './People';
import { Prices } from './Prices';
import { Privacy } from './Privacy';
import { Profiles } from './Profiles';
import { Shares } from './Shares';
import { Sources } from './Sources';
import { Workspace } from './Workspace';

type Section = keyof ReturnType<typeof usePart<'settings'>>['section'];

/** The parts, and what one must be allowed to see each. */
const SECTIONS: readonly { id: Section; needs: Permission; shows: ComponentType }[] = [
  { id: 'workspace', needs: 'numbers', shows: Workspace },
  { id: 'bots', needs: 'numbers', shows: Bots },
  { id: 'profiles', needs: 'numbers', shows: Profiles },
  { id: 'sources', needs: 'numbers', shows: Sources },
  { id: 'privacy', needs: 'numbers', shows: Privacy },
  { id: 'people', needs: 'people', shows: People },
  { id: 'shares', needs: 'shares', shows: Shares },
  { id: 'mail', needs: 'settings', shows: Mail },
  { id: 'annotations', needs: 'numbers', shows: Annotations },
  { id: 'prices', needs: 'numbers', shows: Prices },
  { id: 'audit', needs: 'audit', shows: Audit },
];

export default function Settings() {
  const words = usePart('settings');
  const search = useSearch({ from: '/settings' });
  const me = useMe().data;
  const offered = SECTIONS.filter((one) => me === undefined || me.permissions.includes(one.needs));
  const section = offered.find((one) => one.id === search.section) ?? offered[0];
  return (
    <>
      <div className="page-head">
        <h1>{words.title}</h1>
      </div>
      <div className="settings">
        <nav aria-label={words.sections}>
          <ul className="pages">
            {offered.map((one) => (
              <li key={one.id}>
                <Link to="/settings" search={{ section: one.id }} aria-current={one === section ? 'page' : undefined}>
                  {words.section[one.id]}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
        <div className="stack">{section !== undefined && <section.shows key={section.id} />}</div>
      </div>
    </>
  );
}
