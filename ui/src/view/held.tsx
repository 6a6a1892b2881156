/**
 * What the page is drawn with. It follows the address, but for one thing: where a filter changes, the page stays as it is until
 * what is in sight of it is answered. To draw old answers once more in the new view takes as long as to draw the new ones.
 */
import { useRouterState, useSearch } from '@tanstack/react-router';
import { createContext, use, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from 'react';

import { useSettings } from '../api/workspace';
import { drawLater, forget } from '../charts/later';
import { KEPT, viewOf, type View, type ViewSearch } from './view';

/** Who waits longer than so many milliseconds sees that the old answers are old. */
const PATIENCE = 250;

/** The current wait, where there is one. */
let wait: object | undefined;
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Keeps the page as it is until there are answers, and at the most for a moment. A later call takes the place of an earlier one. */
export function hold(answers: Promise<unknown>): void {
  const mine = {};
  const end = () => {
    clearTimeout(timer);
    if (wait !== mine) return;
    wait = undefined;
    tell();
  };
  const timer = setTimeout(end, PATIENCE);
  wait = mine;
  tell();
  void answers.then(end, end);
}

/** Waits for nothing any more. */
export function letGo(): void {
  wait = undefined;
  tell();
}

/** Whether the page waits for the answers to another view than it shows. */
export function useIsHeld(): boolean {
  return useSyncExternalStore(subscribe, () => wait !== undefined);
}

/** What is looked at, for all that is drawn in one place. */
interface Looked {
  view: View;
  /** What the address says of it: it goes along from page to page. */
  along: ViewSearch;
}

const AddressContext = createContext<Looked | null>(null);
const PageContext = createContext<Looked | null>(null);
const AnswerContext = createContext<Looked | null>(null);

/** What is looked at where it is called: in a page what the page is drawn with, and in an answer what that is drawn with. */
export function useLooked(): Looked {
  // What stands further out is not read: all that read it are drawn anew when it changes.
  const found = use(AnswerContext) ?? use(PageContext) ?? use(AddressContext);
  if (found === null) throw new Error('nothing is looked at outside of an address');
  return found;
}

/** What is chosen, which a page may still be about to be drawn with: for what shows a choice in the page and changes it. */
export function useChosenView(): View {
  const found = use(AddressContext);
  if (found === null) throw new Error('nothing is chosen outside of an address');
  return found.view;
}

/** What the address says; the same thing as long as it says the same. */
function useAddress(): Looked {
  // An address gives a new list each time.
  const said = useSearch({ strict: false, select: (search: ViewSearch) => JSON.stringify(KEPT.map((name) => [name, search[name]] as const).filter(([, value]) => value !== undefined)) });
  const along = useMemo(() => Object.fromEntries(JSON.parse(said) as [string, unknown][]) as ViewSearch, [said]);
  // Where the address names no zone it is that of the workspace, once somebody set one.
  const settings = useSettings({ workspace: along.workspace }).data;
  const home = settings?.changed == null ? undefined : settings.time_zone;
  return useMemo(() => ({ along, view: viewOf({ ...(home !== undefined && { zone: home }), ...along }) }), [along, home]);
}

/** What stands around a page is drawn with the address as it is. */
export function WithAddress({ children }: { children: ReactNode }) {
  return <AddressContext value={useAddress()}>{children}</AddressContext>;
}

/** The page. To another page nobody waits. */
export function Held({ children }: { children: ReactNode }) {
  const looked = useLooked();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isHeld = useIsHeld();
  const [drawn, setDrawn] = useState({ looked, path });
  if (isHeld && drawn.path === path) return <PageContext value={drawn.looked}>{children}</PageContext>;
  if (drawn.looked !== looked || drawn.path !== path) setDrawn({ looked, path });
  return <PageContext value={looked}>{children}</PageContext>;
}

/**
 * An answer. While it `waits` for the next, what is in it is drawn anew for another view when the browser has drawn the rest: its
 * links lead on with the new filters soon, and nothing waits for them.
 */
export function OfAnswer({ waits, children }: { waits: boolean; children: ReactNode }) {
  const looked = useLooked();
  const [drawn, setDrawn] = useState(looked);
  useEffect(() => {
    if (drawn === looked) return undefined;
    const draw = () => setDrawn(looked);
    drawLater(draw);
    return () => forget(draw);
  }, [drawn, looked]);
  if (waits) return <AnswerContext value={drawn}>{children}</AnswerContext>;
  if (drawn !== looked) setDrawn(looked);
  return <AnswerContext value={looked}>{children}</AnswerContext>;
}
