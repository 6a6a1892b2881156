/** Finds pages, numbers, and what other products call them. */
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import { useMetrics } from '../api/questions';
import { Dialog } from '../components/Dialog';
import { ELSEWHERE, PAGES, usePages } from './pages';
import { usePart } from '../texts/parts';
import { TERMS, WORDS } from '../texts/platform-words';
import { useTexts } from './preferences';

interface Found {
  id: string;
  kind: string;
  name: string;
  hint: string;
  go: () => void;
}

/** How many are shown. */
const MOST = 12;

/** How well a text fits: 0 is not at all. Names that begin with what is sought come first. */
function fit(sought: string, name: string, hint: string): number {
  const lower = name.toLowerCase();
  if (lower.startsWith(sought)) return 4;
  if (lower.split(/\W+/).some((part) => part.startsWith(sought))) return 3;
  if (lower.includes(sought)) return 2;
  return sought.length > 2 && hint.toLowerCase().includes(sought) ? 1 : 0;
}

export default function SearchDialog({ close }: { close: () => void }) {
  const texts = useTexts();
  const navigate = useNavigate();
  const metrics = useMetrics();
  const words = usePart('glossary');
  const pages = usePages();
  const [sought, setSought] = useState('');
  const [at, setAt] = useState(0);

  const all = useMemo<Found[]>(() => {
    const to = (path: string, search: Record<string, unknown> = {}) => {
      void navigate({ to: path, search: search as never });
    };
    return [
      ...pages.map((page) => ({
        id: `page ${page.id}`,
        kind: texts.search.page,
        name: texts.pages[page.id],
        hint: texts.pageHints[page.id],
        go: () => to(page.path),
      })),
      ...(
        [
          ['/segments', texts.bar.segments],
          ['/glossary', texts.help.glossary],
          ['/start', texts.states.noEventsCure],
        ] as const
      ).map(([path, name]) => ({ id: `page ${path}`, kind: texts.search.page, name, hint: '', go: () => to(path) })),
      ...ELSEWHERE.map((other) => ({
        id: `elsewhere ${other.name}`,
        kind: texts.search.seed,
        name: other.name,
        hint: texts.pages[PAGES.find((page) => page.path === other.to)?.id ?? 'today'],
        go: () => to(other.to, other.search),
      })),
      ...TERMS.map((term) => ({
        id: `word ${term}`,
        kind: texts.search.word,
        name: words.terms[term][0],
        hint: [...new Set(Object.values(WORDS[term]))].join(' · '),
        go: () => to('/glossary', { find: words.terms[term][0] }),
      })),
      ...(metrics.data?.metrics ?? []).map((metric) => ({
        id: `metric ${metric.id}`,
        kind: texts.search.number,
        name: metric.name,
        hint: `${metric.id} · ${metric.definition}`,
        go: () => to('/explore', { metric: [metric.id] }),
      })),
    ];
  }, [metrics.data, navigate, pages, texts, words]);

  const found = useMemo(() => {
    const words = sought.trim().toLowerCase();
    if (words === '') return all.slice(0, MOST);
    const fits = all.map((one) => ({ one, fit: fit(words, one.name, one.hint) })).filter((entry) => entry.fit > 0);
    return fits.sort((left, right) => right.fit - left.fit).map((entry) => entry.one).slice(0, MOST);
  }, [all, sought]);
  const current = Math.min(at, Math.max(found.length - 1, 0));

  const choose = (one: Found | undefined) => {
    if (one === undefined) return;
    close();
    one.go();
  };
  return (
    <Dialog
      title={texts.shell.search}
      onClose={close}
      head={
        <input
          type="search"
          role="combobox"
          aria-expanded="true"
          aria-controls="found"
          aria-activedescendant={found[current] === undefined ? undefined : `found-${current}`}
          aria-label={texts.search.label}
          placeholder={texts.search.label}
          style={{ flex: 1, minWidth: 0 }}
          value={sought}
          onChange={(event) => {
            setSought(event.target.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown') setAt(Math.min(current + 1, found.length - 1));
            else if (event.key === 'ArrowUp') setAt(Math.max(current - 1, 0));
            else if (event.key === 'Enter') choose(found[current]);
            else return;
            event.preventDefault();
          }}
        />
      }
    >
      <div id="found" role="listbox" aria-label={texts.shell.search} className="search-results">
        {found.map((one, position) => (
          // The keyboard is served by the field above, which owns this list.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
          <div
            key={one.id}
            id={`found-${position}`}
            role="option"
            aria-selected={position === current}
            className="menu-item"
            onClick={() => choose(one)}
          >
            <span className="soft small search-kind">{one.kind}</span>
            <span>
              {one.name}
              <span className="soft small search-hint">{one.hint}</span>
            </span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="soft">{texts.search.nothing}</p>}
    </Dialog>
  );
}
