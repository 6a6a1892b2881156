/** The list: a table of which only what is seen is drawn, so that 100,000 sessions scroll as ten do. */
import { memo, useEffect, useLayoutEffect, useMemo, useRef, type CSSProperties, type KeyboardEvent } from 'react';

import { useMay } from '../../api/access';
import type { Session } from '../../api/client';
import { usePale } from '../../components/pale';
import { sessionPath, useQuick, type Quick } from '../../components/QuickLink';
import { useLabels } from '../../components/use-labels';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import type { Column, Shown } from './columns';
import { useMedia, useRows } from './use-rows';

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
  const quick = useQuick();
  const isPale = usePale(props.stale);
  const isNarrow = useMedia(NARROW);
  const scroller = useRef<HTMLDivElement>(null);
  const { sessions, columns, more, of, atTop } = props;
  const height = isNarrow ? NARROW_ROW : ROW;
  const rows = useRows(scroller, sessions.length, height);
  const drawn = sessions.slice(rows.from, rows.to);
  const left = sessions.length - rows.to;
  useEffect(() => {
    if (left <= Math.min(AHEAD, sessions.length / 2)) more?.();
  }, [left, sessions.length, more]);
  const isScrolled = useRef(false);
  isScrolled.current = !rows.atTop;
  useLayoutEffect(() => {
    if (isScrolled.current) scroller.current?.scrollTo({ top: 0 });
  }, [of]);
  useEffect(() => atTop(rows.atTop), [atTop, rows.atTop]);

  const layout = useMemo<CSSProperties>(() => {
    if (isNarrow) return {};
    return { gridTemplateColumns: columns.map((column) => `minmax(${column.width}px, ${column.grows}fr)`).join(' ') };
  }, [columns, isNarrow]);
  const width = isNarrow ? undefined : columns.reduce((sum, column) => sum + column.width, 0);
  const shown = useMemo(() => ({ texts, locale, zone: view.zone, label: labels.of }), [texts, locale, view.zone, labels]);
  return (
    // A region that scrolls is reached from the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions
    <div ref={scroller} onKeyDown={toEnd} className={isPale ? 'list stale' : 'list'} aria-busy={props.stale} tabIndex={0} role="group" aria-label={texts.pages.conversations}>
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
        <div role="rowgroup" style={{ height: sessions.length * height, position: 'relative' }}>
          {drawn.map((session, place) => {
            const position = rows.from + place;
            return <Line key={position} session={session} position={position} height={height} columns={columns} layout={layout} shown={shown} quick={mayText ? quick : undefined} />;
          })}
        </div>
      </div>
    </div>
  );
}

/**
 * To the list's begin or end at once. The browser would glide there, through rows that come and go on the way, and where a key before still
 * moves the list it may stop halfway.
 */
function toEnd(event: KeyboardEvent<HTMLElement>) {
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
  if (!isPlain || (event.key !== 'Home' && event.key !== 'End')) return;
  event.preventDefault();
  const box = event.currentTarget;
  box.scrollTo({ top: event.key === 'Home' ? 0 : box.scrollHeight, behavior: 'instant' });
}

/** A session. It is drawn anew when something of it changes, not when the list is scrolled. */
const Line = memo(function Line(props: {
  session: Session;
  position: number;
  height: number;
  columns: readonly Column[];
  layout: CSSProperties;
  shown: Shown;
  /** Undefined where nobody may read what was said. */
  quick: Quick | undefined;
}) {
  const { session, columns, shown, quick, position, height } = props;
  const fields = shown.texts.conversations.fields;
  const path = sessionPath(session.session_id);
  return (
    <div role="row" aria-rowindex={position + 2} className="list-row list-line" style={{ ...props.layout, height, transform: `translateY(${position * height}px)` }}>
      {columns.map((column, place) => {
        const text = column.text(session, shown);
        const said = column.cell?.(session, shown) ?? text;
        return (
          <span key={column.id} role="cell" className={column.amount === true ? 'amount' : undefined} title={column.hint?.(session, shown) ?? text} data-name={column.amount === true ? fields[column.id] : undefined}>
            {place === 0 && quick !== undefined ? (
              <a href={quick.href(path)} className="list-link" aria-label={shown.texts.conversations.openSession(text ?? '')} onClick={quick.follow} onPointerEnter={() => quick.ready(path)} onFocus={() => quick.ready(path)}>
                {said}
              </a>
            ) : (
              said
            )}
          </span>
        );
      })}
    </div>
  );
});
