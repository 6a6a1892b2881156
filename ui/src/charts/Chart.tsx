/** A chart over steps or categories, with its table, its picture and its data. */
import { useCallback, useMemo, type ReactNode } from 'react';

import type { Unit } from '../api/client';
import { reasonOf } from '../api/named';
import { useAnnotations, useReleases } from '../api/saved';
import { Scrolls } from '../components/Scrolls';
import { Empty } from '../components/States';
import { day, inUnit } from '../format/format';
import { usePreferences } from '../shell/preferences';
import { useView } from '../view/use-view';
import { Canvas, Frame } from './Frame';
import { marksOf, releasesOf, type Mark } from './marks';
import { optionsOf, type Kind } from './options';

/** More than so many are listed where they are asked for. */
const MOST_MARKS = 6;
const NO_MARKS: readonly Mark[] = [];

export interface Series {
  id: string;
  name: string;
  unit: Unit;
  values: (number | null)[];
  /** 95 % intervals, drawn as a band where the chart has one series. */
  intervals?: ([number, number] | null)[];
  /** Its own first step that is not yet judged, where the chart shows it alone. */
  pendingFrom?: number | undefined;
}

export interface ChartData {
  /** The steps or categories, as they are shown. */
  steps: string[];
  series: Series[];
  /** The steps as the server names them, where they are steps of time. */
  times?: string[];
  /** The first step that is not yet judged; hatched from there. */
  pendingFrom?: number | undefined;
  /** Why there is nothing to draw, as the server says it. */
  reason?: string | undefined;
}

export function Chart(props: {
  title: string;
  data: ChartData;
  kind: Kind;
  height?: number;
  /** What stands beside the title, such as a choice. */
  tools?: ReactNode;
  hint?: string | undefined;
  /** Whether the names of the steps are long and each of them is wanted. */
  slanted?: boolean;
  /** The name of the column of steps. */
  stepName?: string | undefined;
  /** A place in the steps was chosen. */
  onStep?: (position: number) => void;
}) {
  const { texts, locale } = usePreferences();
  const { title, kind, onStep, slanted = false } = props;
  const data = useSame(props.data);
  const height = props.height ?? 260;
  const stepName = props.stepName ?? texts.chart.step;
  const view = useView();
  const marks = useMarks(data.times);
  const options = useCallback((width: number) => optionsOf({ data, kind, title, locale, texts, width, slanted, marks }), [data, kind, title, locale, texts, slanted, marks]);
  const isEmpty = data.series.every((series) => series.values.every((value) => value === null));
  const rows = () => [
    [stepName, ...data.series.map((series) => series.name)],
    ...data.steps.map((step, position) => [step, ...data.series.map((series) => series.values[position] ?? null)]),
  ];
  return (
    <Frame
      title={title}
      hint={props.hint}
      tools={props.tools}
      rows={rows}
      table={<Table data={data} height={height} stepName={stepName} title={title} />}
      drawing={(place) =>
        isEmpty ? (
          <Empty reason={texts.chart.nothing} cure={reasonOf(texts, data.reason)} />
        ) : (
        <>
          <Canvas title={title} height={height} place={place} options={options} {...(onStep && { onChoose: (chosen: { position: number }) => onStep(chosen.position) })} />
          <Happened marks={marks} zone={view.zone} />
        </>
        )
      }
    />
  );
}

/** The same object as long as it says the same: what was drawn is not drawn again because it was asked again. */
function useSame<T>(value: T): T {
  const said = JSON.stringify(value);
  return useMemo(() => JSON.parse(said) as T, [said]);
}

/** What people noted of these times, and the new versions of bots. */
function useMarks(times: readonly string[] | undefined): readonly Mark[] {
  const { texts } = usePreferences();
  const view = useView();
  const noted = useAnnotations(view, { enabled: times !== undefined }).data?.annotations;
  // Versions are told of production alone.
  const seen = useReleases(view, { enabled: times !== undefined && view.environment !== 'test' }).data?.releases;
  return useMemo(() => {
    if (times === undefined) return NO_MARKS;
    const all = [...marksOf(times, noted ?? [], view.zone), ...releasesOf(times, seen ?? [], view.zone, texts.chart.release)];
    return all.length === 0 ? NO_MARKS : all.sort((one, other) => one.position - other.position);
  }, [times, noted, seen, view.zone, texts]);
}

/** What happened, in words: below the chart, in the order of its flags. */
function Happened({ marks, zone }: { marks: readonly Mark[]; zone: string }) {
  const { texts, locale } = usePreferences();
  if (marks.length === 0) return null;
  const list = (
    <ul className="marks small" aria-label={texts.chart.happened}>
      {marks.map((mark) => (
        <li key={mark.id}>
          <span className={mark.seen ? `flag seen ${mark.kind}` : `flag ${mark.kind}`} aria-hidden="true" />
          <span className="soft">{day(locale, zone, mark.time)}</span> {mark.text}
        </li>
      ))}
    </ul>
  );
  if (marks.length <= MOST_MARKS) return list;
  return (
    <details>
      <summary className="small soft">
        {texts.chart.happened} ({marks.length})
      </summary>
      {list}
    </details>
  );
}

function Table({ data, height, stepName, title }: { data: ChartData; height: number; stepName: string; title: string }) {
  const { texts, locale } = usePreferences();
  return (
    <Scrolls label={title} height={height}>
      <table>
        <thead>
          <tr>
            <th scope="col">{stepName}</th>
            {data.series.map((series) => (
              <th scope="col" className="amount" key={series.id}>
                {series.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.steps.map((step, position) => (
            <tr key={step} className={data.pendingFrom !== undefined && position >= data.pendingFrom ? 'hatched' : undefined}>
              <th scope="row">{step}</th>
              {data.series.map((series) => {
                const value = series.values[position];
                return (
                  <td className="amount" key={series.id}>
                    {typeof value === 'number' ? inUnit(locale, value, series.unit) : texts.number.noData}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
