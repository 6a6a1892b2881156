/**
 * A link for lists. The router's own looks at all routes for each link whenever the address changes; of hundreds of them
 * that is what takes the time of a changed filter.
 */
import { useRouter, useSearch } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, MouseEvent } from 'react';

import { writeSearch } from '../view/search';
import { KEPT, type ViewSearch } from '../view/view';

type Search = Readonly<Record<string, unknown>>;

const kept = new WeakMap<object, ViewSearch>();

/** What goes along from page to page. */
function keptOf(search: Search): ViewSearch {
  const known = kept.get(search);
  if (known !== undefined) return known;
  const found = Object.fromEntries(KEPT.map((name) => [name, search[name]]).filter(([, value]) => value !== undefined)) as ViewSearch;
  kept.set(search, found);
  return found;
}

/** Whether a click leads on here: with a key or another button the browser opens the address elsewhere. */
function isPlain(event: MouseEvent): boolean {
  return !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

export function QuickLink(props: AnchorHTMLAttributes<HTMLAnchorElement> & { /** The path of a page, encoded. */ to: string; /** What the address says besides what goes along. */ search?: ViewSearch }) {
  const { to, search, onClick, children, ...rest } = props;
  const router = useRouter();
  const here: Search = useSearch({ strict: false });
  const href = to + writeSearch({ ...keptOf(here), ...search });
  const ready = () => void router.preloadRoute({ to });
  return (
    <a
      {...rest}
      href={href}
      onPointerEnter={ready}
      onFocus={ready}
      onClick={(event) => {
        onClick?.(event);
        if (!isPlain(event)) return;
        event.preventDefault();
        void router.navigate({ href });
      }}
    >
      {children}
    </a>
  );
}

/** The path of a session's page. */
export function sessionPath(id: string): string {
  return `/conversations/${encodeURIComponent(id)}`;
}
