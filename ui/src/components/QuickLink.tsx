/**
 * A link for lists. The router's own looks at all routes for each link whenever the address changes; of hundreds of them
 * that is what takes the time of a changed filter.
 */
import { useRouter } from '@tanstack/react-router';
import { useMemo, type AnchorHTMLAttributes, type MouseEvent } from 'react';

import { useLooked } from '../view/held';
import { writeSearch } from '../view/search';
import type { ViewSearch } from '../view/view';

/** Whether a click leads on here: with a key or another button the browser opens the address elsewhere. */
function isPlain(event: MouseEvent<HTMLAnchorElement>): boolean {
  return !event.defaultPrevented && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

/** The kinds of pages that were loaded ahead. */
const readied = new Set<string>();

export interface Quick {
  /** The address of a page, with what goes along and what else it shall say. */
  href: (to: string, search?: ViewSearch) => string;
  /** What a click on a link does. */
  follow: (event: MouseEvent<HTMLAnchorElement>) => void;
  /** Loads a page before it is opened. */
  ready: (to: string) => void;
}

/** What links need to know, once for many of them. */
export function useQuick(): Quick {
  const router = useRouter();
  const { along } = useLooked();
  return useMemo(
    () => ({
      href: (to, search) => to + writeSearch({ ...along, ...search }),
      follow: (event) => {
        if (!isPlain(event)) return;
        event.preventDefault();
        void router.navigate({ href: event.currentTarget.getAttribute('href') ?? '/' });
      },
      ready: (to) => {
        // Pages of one kind are one program: it is loaded once, not for each link that passes below the pointer.
        const kind = to.split('/')[1] ?? '';
        if (readied.has(kind)) return;
        readied.add(kind);
        void router.preloadRoute({ to });
      },
    }),
    [router, along],
  );
}

export function QuickLink(props: AnchorHTMLAttributes<HTMLAnchorElement> & { /** The path of a page, encoded. */ to: string; /** What the address says besides what goes along. */ search?: ViewSearch }) {
  const { to, search, onClick, children, ...rest } = props;
  const quick = useQuick();
  return (
    <a
      {...rest}
      href={quick.href(to, search)}
      onPointerEnter={() => quick.ready(to)}
      onFocus={() => quick.ready(to)}
      onClick={(event) => {
        onClick?.(event);
        quick.follow(event);
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
