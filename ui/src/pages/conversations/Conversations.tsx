/** Every session, newest first: searched, filtered, in chosen columns, drawn as it is scrolled. */
import * as Popover from '@radix-ui/react-popover';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';

import type { Session } from '../../api/client';
import { useChanges } from '../../api/changes';
import { useAnswer, useSessions } from '../../api/questions';
import { Nothing, useNothing } from '../../components/Nothing';
import { Failed, Loading } from '../../components/States';
import { whole } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { useChosenView } from '../../view/held';
import { useSetView, useView } from '../../view/use-view';
import { quoted } from '../../view/view';
import { COLUMNS, FIRST_COLUMNS } from './columns';
import { SessionList } from './SessionList';

/** Sessions in which what is sought is an id, or a part of a topic's or intent's name. */
function findFilter(sought: string): string {
  const value = quoted(sought);
  const named = ['topic_name', 'topic_id', 'first_intent', 'last_intent', 'outcome_reason', 'page'].map((field) => `${field} contains ${value}`);
  const ids = ['user_id', 'conversation_id', 'session_id'].map((field) => `${field} = ${value}`);
  return [...ids, ...named].join(' or ');
}

const FIELDS: readonly (keyof Session)[] = ['session_id', ...COLUMNS.map((column) => column.id)];
/** How many sessions are asked for at first, as quick as can be, and then at a time. */
const FIRST = 100;
const MORE = 200;
/** A browser holds no more at once: who looks for others says what for. */
const MOST = 200_000;
const NONE: readonly Session[] = [];

/** What the address says of the list alone. */
function useListSearch() {
  return useSearch({ from: '/conversations', select: ({ find, order, column, live }) => ({ find, order, column, live }), structuralSharing: true });
}

export default function Conversations() {
  const { texts, locale } = usePreferences();
  const view = useView();
  const search = useListSearch();
  const nothing = useNothing(view);
  const [atTop, setAtTop] = useState(true);
  const filters = search.find === undefined ? [] : [findFilter(search.find)];
  const sessions = useSessions(view, { filters, order: search.order, limit: FIRST, more: MORE, fields: FIELDS });
  const count = useAnswer({ ...view, compare: 'none' }, { metrics: ['sessions'], filters });
  // Who has scrolled reads: the list goes on living at its top.
  useChanges(search.live === 'yes' && atTop, view.workspace);
  const { data, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = sessions;
  const loaded = useMemo(() => data?.pages.flatMap((page) => page.sessions) ?? NONE, [data]);
  const all = count.data?.totals.sessions?.value;
  const chosen = search.column ?? FIRST_COLUMNS;
  const named = chosen.join();
  const columns = useMemo(() => COLUMNS.filter((column) => named.split(',').includes(column.id)), [named]);
  // What is under way stays so: to begin it anew with each scroll would never end.
  const more = useMemo(() => (hasNextPage && !isFetchingNextPage && loaded.length < MOST ? () => void fetchNextPage({ cancelRefetch: false }) : undefined), [hasNextPage, isFetchingNextPage, fetchNextPage, loaded.length]);
  return (
    <div className="list-page">
      <div className="page-head">
        <h1>{texts.pages.conversations}</h1>
        <span className="soft" role="status">
          {typeof all === 'number' && texts.conversations.shown(whole(locale, loaded.length), whole(locale, all))}
          {hasNextPage && loaded.length >= MOST && ` ${texts.conversations.most}`}
        </span>
      </div>
      <Tools chosen={chosen} />
      {sessions.isPending && <Loading height={520} />}
      {sessions.isError && <Failed error={sessions.error} again={() => void (isFetchNextPageError ? fetchNextPage() : sessions.refetch())} />}
      {sessions.isSuccess && loaded.length === 0 && !sessions.isPlaceholderData && <Nothing ever={nothing === 'ever'} />}
      {loaded.length > 0 && (
        <SessionList sessions={loaded} columns={columns} stale={sessions.isPlaceholderData} of={JSON.stringify([view, search.find, search.order])} more={more} atTop={setAtTop} />
      )}
    </div>
  );
}

function Tools({ chosen }: { chosen: readonly string[] }) {
  const { texts } = usePreferences();
  const { filter: filters } = useChosenView();
  const setView = useSetView();
  const navigate = useNavigate();
  const search = useListSearch();
  const [sought, setSought] = useState(search.find ?? '');
  const change = (to: { find?: string | undefined; order?: string | undefined; column?: string[] | undefined; live?: string | undefined }) => {
    void navigate({
      to: '/conversations',
      search: Object.fromEntries(Object.entries({ find: search.find, order: search.order, column: search.column, live: search.live, ...to }).filter(([, value]) => value !== undefined)),
      resetScroll: false,
    });
  };
  return (
    <div className="row" style={{ marginBottom: 12 }}>
      <form
        role="search"
        className="row"
        style={{ flex: '1 1 260px', flexWrap: 'nowrap' }}
        onSubmit={(event) => {
          event.preventDefault();
          change({ find: sought.trim() === '' ? undefined : sought.trim() });
        }}
      >
        <input
          type="search"
          aria-label={texts.conversations.findLabel}
          placeholder={texts.conversations.findHint}
          style={{ flex: 1, minWidth: 0 }}
          value={sought}
          onChange={(event) => {
            setSought(event.target.value);
            if (event.target.value === '') change({ find: undefined });
          }}
        />
        <button type="submit" className="button">
          {texts.conversations.find}
        </button>
      </form>
      <button
        type="button"
        className="button"
        aria-pressed={search.live === 'yes'}
        title={texts.conversations.liveHint}
        onClick={() => change({ live: search.live === 'yes' ? undefined : 'yes' })}
      >
        {texts.conversations.live}
      </button>
      <Popover.Root>
        <Popover.Trigger className="button">{texts.conversations.quick}</Popover.Trigger>
        <Popover.Content className="popover" align="start" sideOffset={6} aria-label={texts.conversations.quick}>
          {texts.conversations.quickFilters.map(([filter, name]) => (
            <label key={filter} className="menu-item">
              <input
                type="checkbox"
                checked={filters.includes(filter)}
                onChange={(event) =>
                  setView({ filter: event.target.checked ? [...filters, filter] : filters.filter((other) => other !== filter) })
                }
              />
              {name}
            </label>
          ))}
        </Popover.Content>
      </Popover.Root>
      <select aria-label={texts.conversations.order} value={search.order ?? 'start_time'} onChange={(event) => change({ order: event.target.value === 'start_time' ? undefined : event.target.value })}>
        {Object.entries(texts.conversations.orders).map(([order, name]) => (
          <option key={order} value={order}>
            {name}
          </option>
        ))}
      </select>
      <Popover.Root>
        <Popover.Trigger className="button">{texts.conversations.columns}</Popover.Trigger>
        <Popover.Content className="popover" align="end" sideOffset={6} aria-label={texts.conversations.columns}>
          {COLUMNS.map((column) => (
            <label key={column.id} className="menu-item">
              <input
                type="checkbox"
                checked={chosen.includes(column.id)}
                onChange={(event) => {
                  const next = event.target.checked ? [...chosen, column.id] : chosen.filter((other) => other !== column.id);
                  if (next.length > 0) change({ column: next });
                }}
              />
              {texts.conversations.fields[column.id] ?? column.id}
            </label>
          ))}
        </Popover.Content>
      </Popover.Root>
    </div>
  );
}
