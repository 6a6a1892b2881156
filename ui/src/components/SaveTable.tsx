/** Saves a table: its data, and a picture of it. */
import { saveCsv, type Cells } from '../charts/save';
import { saidBy, saveTableImage } from '../charts/table-image';
import { useTexts } from '../shell/preferences';

export function SaveTable(props: {
  title: string;
  /** The data, the names of the columns first. */
  rows: () => Cells;
  /** What the picture shows, where the table of the page does not hold all of it. */
  shown?: () => string[][];
}) {
  const texts = useTexts();
  const { title, rows, shown } = props;
  return (
    <>
      <button type="button" className="button quiet" aria-label={`${texts.chart.data}: ${title}`} onClick={() => saveCsv(title, rows())}>
        CSV
      </button>
      <button
        type="button"
        className="button quiet"
        aria-label={`${texts.chart.image}: ${title}`}
        onClick={(event) => {
          const table = event.currentTarget.closest('section')?.querySelector('table');
          const said = shown?.() ?? (table == null ? [] : saidBy(table));
          if (said.length > 0) saveTableImage(title, said);
        }}
      >
        PNG
      </button>
    </>
  );
}
