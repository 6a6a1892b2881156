/** The list: a table of which only what is seen is drawn, so that 100,000 sessions scroll as ten do. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';

import type { Session } from '../../api/client';
import { SessionLink } from '../../components/SessionLink';
import { instant } from '../../format/format';
import { usePreferences } from '../../shell/preferences';
import { useView } from '../../view/use-view';
import type { Column } from './columns';

const ROW = 36;
/** How many rows before the end more is asked for. */
const AHEAD = 60;

export function SessionList(props: { sessions: Session[]; columns: Column[]; stale: boolean; more: (() => void) | undefined }) {
  const { texts, locale } = usePreferences();
  const view = useView();
  const scroller = useRef<HTMLDivElement>(null);
  const { sessions, columns, more } = props;
  const virtual = useVirtualizer({ count: sessions.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 16 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= sessions.length - AHEAD) more?.();
  }, [last, sessions.length, more]);

  const template = columns.map((column, place) => (place === columns.length - 1 ? `minmax(${column.width}px, 1fr)` : `${column.width}px`)).join(' ');
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const shown = { texts, locale, zone: view.zone };
  return (
    // A region that scrolls is reached from the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={scroller} className={props.stale ? 'list stale' : 'list'} tabIndex={0} role="group" aria-label={texts.pages.conversations}>
      <div role="table" aria-rowcount={sessions.length + 1} aria-label={texts.pages.conversations} style={{ minWidth: width }}>
        <div role="rowgroup" className="list-head">
          <div role="row" aria-rowindex={1} className="list-row" style={{ gridTemplateColumns: template }}>
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
            if (session === undefined) return null;
            const time = instant(locale, view.zone, session.start_time ?? '');
            return (
              <div
                key={item.key}
                role="row"
                aria-rowindex={item.index + 2}
                className="list-row list-line"
                style={{ gridTemplateColumns: template, transform: `translateY(${item.start}px)` }}
              >
                {columns.map((column, place) => (
                  <span key={column.id} role="cell" className={column.amount === true ? 'amount' : undefined}>
                    {place === 0 ? (
                      <SessionLink className="list-link" id={session.session_id ?? ''} label={texts.conversations.openSession(time)}>
                        {column.cell(session, shown)}
                      </SessionLink>
                    ) : (
                      column.cell(session, shown)
                    )}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
