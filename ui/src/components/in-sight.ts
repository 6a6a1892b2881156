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

/** The value for what is drawn at a place: the new one at once where it is in sight, else when the browser has drawn the rest. */
export function useDrawn<T>(value: T): { place: RefObject<HTMLDivElement | null>; drawn: T } {
  const place = useRef<HTMLDivElement>(null);
  const isInSight = useInSight(place);
  const [later, setLater] = useState<{ value: T }>({ value });
  useEffect(() => {
    if (Object.is(later.value, value)) return undefined;
    const draw = () => setLater({ value });
    drawLater(draw);
    return () => forget(draw);
  }, [value, later]);
  return { place, drawn: isInSight ? value : later.value };
}
