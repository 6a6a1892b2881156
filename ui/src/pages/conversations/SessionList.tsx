/** The list: a table of which only what is seen is drawn, so that 100,000 sessions scroll as ten do. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, type CSSProperties } from 'react';

import { useMay } from '../../api/access';
import type { Session } from '../../api/client';
import { QuickLink, sessionPath } from '../../components/QuickLink';
import { useLabels } from '../../components/use-labels';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import type { Column, Shown } from './columns';

/** How high a line is, in pixels; where there is little room a session takes some lines. */
const ROW = 34;
const NARROW_ROW = 88;
/** Where there is little room, as the style sheet says it. */
const NARROW = '(max-width: 640px)';
/** How many rows before the end more is asked for: about what a quick hand passes while an answer comes. Short lists wait until they are scrolled. */
const AHEAD = 400;

export function SessionList(props: {
  sessions: readonly Session[];
  columns: readonly Column[];
  stale: boolean;
  /** Of what they are the sessions: another list begins at its top. */
  of: string;
  more: (() => void) | undefined;
  /** Whether the first line is seen. */
  atTop: (is: boolean) => void;
}) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const labels = useLabels();
  const mayText = useMay('text');
  const isNarrow = useMedia(NARROW);
  const scroller = useRef<HTMLDivElement>(null);
  const { sessions, columns, more, of, atTop } = props;
  const height = isNarrow ? NARROW_ROW : ROW;
  const virtual = useVirtualizer({ count: sessions.length, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 16 });
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= sessions.length - Math.min(AHEAD, sessions.length / 2)) more?.();
  }, [last, sessions.length, more]);
  useLayoutEffect(() => {
    if ((virtual.scrollOffset ?? 0) > 0) scroller.current?.scrollTo({ top: 0 });
  }, [virtual, of]);
  const top = (virtual.scrollOffset ?? 0) < height;
  useEffect(() => atTop(top), [atTop, top]);

  const layout = useMemo<CSSProperties>(() => {
    if (isNarrow) return {};
    return { gridTemplateColumns: columns.map((column) => `minmax(${column.width}px, ${column.grows}fr)`).join(' ') };
  }, [columns, isNarrow]);
  const width = isNarrow ? undefined : columns.reduce((sum, column) => sum + column.width, 0);
  const shown = useMemo(() => ({ texts, locale, zone: view.zone, label: labels.of }), [texts, locale, view.zone, labels]);
  return (
    // A region that scrolls is reached from the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={scroller} className={props.stale ? 'list stale' : 'list'} tabIndex={0} role="group" aria-label={texts.pages.conversations}>
      <div role="table" aria-rowcount={sessions.length + 1} aria-label={texts.pages.conversations} style={{ minWidth: width }}>
        <div role="rowgroup" className="list-head">
          <div role="row" aria-rowindex={1} className="list-row" style={layout}>
            {columns.map((column) => (
              <span key={column.id} role="columnheader" className={column.amount === true ? 'amount' : undefined}>
                {texts.conversations.fields[column.id] ?? column.id}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const session = sessions[item.index];
            return session && <Line key={item.key} session={session} position={item.index} start={item.start} height={height} columns={columns} layout={layout} shown={shown} isLink={mayText} />;
          })}
        </div>
      </div>
    </div>
  );
}

/** A session. It is drawn anew when something of it changes, not when the list is scrolled. */
const Line = memo(function Line(props: {
  session: Session;
  position: number;
  start: number;
  height: number;
  columns: readonly Column[];
  layout: CSSProperties;
  shown: Shown;
  /** Whether it leads to what was said. */
  isLink: boolean;
}) {
  const { session, columns, shown } = props;
  const fields = shown.texts.conversations.fields;
  return (
    <div role="row" aria-rowindex={props.position + 2} className="list-row list-line" style={{ ...props.layout, height: props.height, transform: `translateY(${props.start}px)` }}>
      {columns.map((column, place) => {
        const text = column.text(session, shown);
        const said = column.cell?.(session, shown) ?? text;
        return (
          <span key={column.id} role="cell" className={column.amount === true ? 'amount' : undefined} title={column.hint?.(session, shown) ?? text} data-name={column.amount === true ? fields[column.id] : undefined}>
            {place === 0 && props.isLink ? (
              <QuickLink to={sessionPath(session.session_id)} className="list-link" aria-label={shown.texts.conversations.openSession(text ?? '')}>
                {said}
              </QuickLink>
            ) : (
              said
            )}
          </span>
        );
      })}
    </div>
  );
});

function useMedia(query: string): boolean {
  const media = useMemo(() => matchMedia(query), [query]);
  const [matches, setMatches] = useState(media.matches);
  useEffect(() => {
    const follow = () => setMatches(media.matches);
    follow();
    media.addEventListener('change', follow);
    return () => media.removeEventListener('change', follow);
  }, [media]);
  return matches;
}
