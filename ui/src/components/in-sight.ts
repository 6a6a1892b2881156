/** What is out of sight is drawn after what is in sight. */
import { useEffect, useRef, useState, type RefObject } from 'react';

import { drawLater, forget } from '../charts/later';

/** What comes into sight soon counts as there: a quarter of the window. */
const NEAR = '25%';

/** Whether an element is in sight or near it. What was never looked for is. */
function useInSight(place: RefObject<Element | null>): boolean {
  const [isInSight, setInSight] = useState(true);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        const last = entries.at(-1);
        if (last !== undefined) setInSight(last.isIntersecting);
      },
      { rootMargin: NEAR },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
  return isInSight;
}

/** At how many places a value is drawn, and how many of them are out of sight. */
const drawnAt = new WeakMap<object, { places: number; outOfSight: number }>();

/** Whether a value is drawn, and nowhere in sight. */
export function isOutOfSight(value: unknown): boolean {
  const drawn = typeof value === 'object' && value !== null ? drawnAt.get(value) : undefined;
  return drawn !== undefined && drawn.places > 0 && drawn.outOfSight === drawn.places;
}

/** Notes that a value is drawn. */
function usePlaceOf(value: unknown, isInSight: boolean): void {
  useEffect(() => {
    if (typeof value !== 'object' || value === null) return undefined;
    const drawn = drawnAt.get(value) ?? { places: 0, outOfSight: 0 };
    drawnAt.set(value, drawn);
    const outOfSight = isInSight ? 0 : 1;
    drawn.places += 1;
    drawn.outOfSight += outOfSight;
    return () => {
      drawn.places -= 1;
      drawn.outOfSight -= outOfSight;
    };
  }, [value, isInSight]);
}

/** The value for what is drawn at a place: the new one at once where it is in sight, else when the browser has drawn the rest. */
export function useDrawn<T>(value: T): { place: RefObject<HTMLDivElement | null>; drawn: T } {
  const place = useRef<HTMLDivElement>(null);
  const isInSight = useInSight(place);
  usePlaceOf(value, isInSight);
  const [later, setLater] = useState<{ value: T }>({ value });
  useEffect(() => {
    if (Object.is(later.value, value)) return undefined;
    const draw = () => setLater({ value });
    drawLater(draw);
    return () => forget(draw);
  }, [value, later]);
  return { place, drawn: isInSight ? value : later.value };
}
