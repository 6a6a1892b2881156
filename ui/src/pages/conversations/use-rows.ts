/** Which rows of a long list are drawn: those that are seen, and some around them. All are of one height, so that no row is measured. */
import { useEffect, useLayoutEffect, useState, type RefObject } from 'react';
import { flushSync } from 'react-dom';

/** How many rows are drawn before and after those that are seen. */
const AROUND = 12;
/** The list is drawn anew when it was scrolled by so many rows. */
const STEP = 6;

export interface Rows {
  /** The first and the one after the last that are drawn. */
  from: number;
  to: number;
  /** Whether the first row is seen. */
  atTop: boolean;
}

export function useRows(scroller: RefObject<HTMLElement | null>, count: number, height: number): Rows {
  const [seen, setSeen] = useState({ first: 0, rows: 20, atTop: true });
  // Before the first rows are painted it is known how many have room.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (box === null) return;
    const look = () => {
      const first = Math.floor(box.scrollTop / height / STEP) * STEP;
      const next = { first, rows: Math.ceil(box.clientHeight / height), atTop: box.scrollTop < height };
      setSeen((now) => (now.first === next.first && now.rows === next.rows && now.atTop === next.atTop ? now : next));
    };
    // At once: what is scrolled to would be blank until later.
    const scrolled = () => flushSync(look);
    look();
    const observer = new ResizeObserver(look);
    observer.observe(box);
    box.addEventListener('scroll', scrolled, { passive: true });
    return () => {
      observer.disconnect();
      box.removeEventListener('scroll', scrolled);
    };
  }, [scroller, height]);
  return { from: Math.max(0, seen.first - AROUND), to: Math.min(count, seen.first + STEP + seen.rows + AROUND), atTop: seen.atTop };
}

/** Whether the window is as a condition of style sheets says. */
export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const follow = () => setMatches(media.matches);
    follow();
    media.addEventListener('change', follow);
    return () => media.removeEventListener('change', follow);
  }, [query]);
  return matches;
}
