/** An answer as a table: a row a group, its dimensions and numbers. Ordered by the server; long ones are drawn as they are seen. */
import { createColumnHelper, flexRender, getCoreRowModel, useReactTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useMemo, useRef } from 'react';

import type { QueryResult, Schemas } from '../api/client';
import { whole } from '../format/format';
import { usePreferences } from '../shell/preferences';
import { filtersOfRow } from './behind';
import { Value } from './Value';
import type { Labels } from '../charts/data';
import { useLabels } from './use-labels';

type Row = Schemas['Row'];

const column = createColumnHelper<Row>();
/** About how high a row is, in pixels; the real height is measured. */
const ROW = 50;

/** It is drawn anew when what it says changes, not whenever the page is. */
export const AnswerTable = memo(function AnswerTable(props: {
  answer: QueryResult;
  title: string;
  names: ReadonlyMap<string, string>;
  /** Dimensions of which a session has several values. */
  listed?: ReadonlySet<string>;
  order?: string | undefined;
  onOrder?: (order: string) => void;
  metrics?: string[];
  /** The filters of the question beside those of the view. */
  filters?: string[];
  compact?: boolean;
}) {
  const { texts, locale } = usePreferences();
  const labels = useLabels();
  const { answer, names, order, onOrder } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const definitions = useMemo(() => new Map(answer.definitions.map((one) => [one.id, one])), [answer.definitions]);
  const metrics = props.metrics ?? answer.metrics;
  const columns = useMemo(
    () => [
      ...answer.dimensions.map((dimension) =>
        column.accessor((row) => row.dimensions[dimension] ?? null, {
          id: dimension,
          header: names.get(dimension) ?? dimension,
          cell: (cell) => cellOf(labels, dimension, cell.row.original),
        }),
      ),
      ...metrics.map((id) =>
        column.accessor((row) => row.metrics[id], { id, header: definitions.get(id)?.name ?? id, meta: { amount: true } }),
      ),
    ],
    [answer.dimensions, metrics, names, definitions, labels],
  );
  const table = useReactTable({ data: answer.rows, columns, getCoreRowModel: getCoreRowModel(), manualSorting: true });
  const rows = table.getRowModel().rows;
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 12 });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);

  const [ordered, direction] = (order ?? '').split(' ');
  const next = (id: string) => (ordered === id && direction !== 'asc' ? `${id} asc` : id);
  return (
    // A region that scrolls is reached from the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div ref={scroller} className="bounded" role="group" aria-label={props.title} tabIndex={0} style={{ maxHeight: props.compact === true ? 340 : 620 }}>
      <table>
        <thead>
          <tr>
            {table.getFlatHeaders().map((header) => {
              const isMetric = definitions.has(header.id);
              const sorted = ordered === header.id ? (direction === 'asc' ? 'ascending' : 'descending') : undefined;
              const name = flexRender(header.column.columnDef.header, header.getContext());
              return (
                <th key={header.id} scope="col" className={isMetric ? 'amount' : undefined} aria-sort={sorted}>
                  {onOrder === undefined ? (
                    name
                  ) : (
                    <button type="button" title={texts.table.sortBy(String(header.column.columnDef.header))} onClick={() => onOrder(next(header.id))}>
                      {name}
                      {sorted !== undefined && <span aria-hidden="true">{sorted === 'ascending' ? ' ↑' : ' ↓'}</span>}
                    </button>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr style={{ height: before }} aria-hidden="true" />}
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <tr key={row.id} ref={virtual.measureElement} data-index={item.index}>
                {row.getVisibleCells().map((cell, place) => {
                  const definition = definitions.get(cell.column.id);
                  if (definition !== undefined && metrics.includes(cell.column.id)) {
                    return (
                      <td className="amount" key={cell.id}>
                        <Value row={row.original} value={row.original.metrics[definition.id]} definition={definition} filters={row.original.other === true ? undefined : [...(props.filters ?? []), ...filtersOfRow(answer.dimensions, row.original, props.listed ?? NONE)]} />
                      </td>
                    );
                  }
                  const content = flexRender(cell.column.columnDef.cell, cell.getContext());
                  return place === 0 ? (
                    <th key={cell.id} scope="row">
                      {content}
                    </th>
                  ) : (
                    <td key={cell.id}>{content}</td>
                  );
                })}
              </tr>
            );
          })}
          {after > 0 && <tr style={{ height: after }} aria-hidden="true" />}
        </tbody>
      </table>
      {answer.row_count > rows.length && <p className="soft small">{texts.table.rows(whole(locale, rows.length), whole(locale, answer.row_count))}</p>}
    </div>
  );
});

const TIME = /^(minute|quarter_hour|hour|day|week|month|quarter|year|hour_of_day|weekday)$/;

/** A value of a row; of the row of all others only time has one. */
function cellOf(labels: Labels, dimension: string, row: Row): string {
  if (row.other === true && !TIME.test(dimension)) return labels.others;
  return labels.of(dimension, row.dimensions[dimension] ?? null);
}

const NONE: ReadonlySet<string> = new Set();
