/** Keys that work wherever nothing is being written: `/`, `?`, and `g` followed by a page's key. */
import { useEffect, useRef } from 'react';

/** How long the second key of `g …` may take, in milliseconds. */
const PATIENCE = 1200;

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function useKeys(does: { search: () => void; help: () => void; go: (key: string) => void }): void {
  const current = useRef(does);
  current.current = does;
  useEffect(() => {
    let since = Number.NEGATIVE_INFINITY;
    const hear = (event: KeyboardEvent) => {
      const held = event.ctrlKey || event.metaKey || event.altKey;
      if (held || isWriting(event.target) || document.querySelector('dialog[open]') !== null) return;
      const going = event.timeStamp - since < PATIENCE;
      since = Number.NEGATIVE_INFINITY;
      if (going) current.current.go(event.key);
      else if (event.key === 'g') since = event.timeStamp;
      else if (event.key === '/') {
        event.preventDefault();
        current.current.search();
      } else if (event.key === '?') current.current.help();
    };
    window.addEventListener('keydown', hear);
    return () => window.removeEventListener('keydown', hear);
  }, []);
}
