/** A chart over steps or categories, with its table, its picture and its data. */
import * as Menu from '@radix-ui/react-dropdown-menu';
import { useEffect, useRef, useState, type ReactNode } from 'react';

import type { Unit } from '../api/client';
import { inUnit } from '../format/format';
import { usePreferences } from '../shell/preferences';
import type { Drawing } from './echarts';
import { optionsOf, type Kind } from './options';
import { saveCsv, saveImage } from './save';

export interface Series {
  id: string;
  name: string;
  unit: Unit;
  values: (number | null)[];
  /** 95 % intervals, drawn as a band where the chart has one series. */
  intervals?: ([number, number] | null)[];
}

export interface ChartData {
  /** The steps or categories, as they are shown. */
  steps: string[];
  series: Series[];
  /** The first step that is not yet judged; hatched from there. */
  pendingFrom?: number | undefined;
}

export function Chart(props: {
  title: string;
  data: ChartData;
  kind: Kind;
  height?: number;
  /** What stands beside the title, such as a choice. */
  tools?: ReactNode;
  hint?: string;
  /** The name of the column of steps. */
  stepName?: string;
  /** A place in the steps was chosen. */
  onStep?: (position: number) => void;
}) {
  const { texts } = usePreferences();
  const [shown, setShown] = useState<'chart' | 'table'>('chart');
  const drawing = useRef<Drawing | null>(null);
  const height = props.height ?? 260;
  const stepName = props.stepName ?? texts.chart.step;
  const rows = () => [
    [stepName, ...props.data.series.map((series) => series.name)],
    ...props.data.steps.map((step, position) => [step, ...props.data.series.map((series) => series.values[position] ?? null)]),
  ];
  return (
    <section className="card" aria-label={props.title}>
      <header>
        <div>
          <h2>{props.title}</h2>
          {props.hint !== undefined && <p className="soft small">{props.hint}</p>}
        </div>
        <div className="row" style={{ flexWrap: 'nowrap' }}>
          {props.tools}
          <Menu.Root modal={false}>
            <Menu.Trigger className="button quiet icon" aria-label={texts.chart.menu(props.title)}>
              <span aria-hidden="true">⋯</span>
            </Menu.Trigger>
            <Menu.Content className="popover" align="end" style={{ width: 'auto' }}>
              <Menu.Item className="menu-item" onSelect={() => setShown(shown === 'chart' ? 'table' : 'chart')}>
                {shown === 'chart' ? texts.chart.asTable : texts.chart.asChart}
              </Menu.Item>
              {shown === 'chart' && (
                <Menu.Item
                  className="menu-item"
                  onSelect={() => {
                    const image = drawing.current?.getDataURL({ pixelRatio: 2, backgroundColor: getComputedStyle(document.body).backgroundColor });
                    if (image !== undefined) saveImage(props.title, image);
                  }}
                >
                  {texts.chart.image}
                </Menu.Item>
              )}
              <Menu.Item className="menu-item" onSelect={() => saveCsv(props.title, rows())}>
                {texts.chart.data}
              </Menu.Item>
            </Menu.Content>
          </Menu.Root>
        </div>
      </header>
      {shown === 'chart' ? (
        <Area title={props.title} data={props.data} kind={props.kind} height={height} drawing={drawing} {...(props.onStep && { onStep: props.onStep })} />
      ) : (
        <Table data={props.data} height={height} stepName={stepName} title={props.title} />
      )}
    </section>
  );
}

function Area(props: {
  title: string;
  data: ChartData;
  kind: Kind;
  height: number;
  drawing: { current: Drawing | null };
  onStep?: (position: number) => void;
}) {
  const { texts, locale, theme } = usePreferences();
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { drawing } = props;

  useEffect(() => {
    const place = element.current;
    if (place === null) return;
    let gone = false;
    let observer: ResizeObserver | undefined;
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => {
      const { data, kind, title } = latest.current;
      drawing.current?.setOption(optionsOf({ data, kind, title, locale, texts, width: place.clientWidth }), { notMerge: true });
    };
    void import('./echarts').then(({ init }) => {
      if (gone) return;
      const made = init(place, undefined, { renderer: 'canvas' });
      drawing.current = made;
      made.on('click', (event) => {
        if (typeof event.dataIndex === 'number') latest.current.onStep?.(event.dataIndex);
      });
      draw();
      observer = new ResizeObserver(() => {
        made.resize();
        draw();
      });
      observer.observe(place);
      scheme.addEventListener('change', draw);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      scheme.removeEventListener('change', draw);
      drawing.current?.dispose();
      drawing.current = null;
    };
  }, [drawing, locale, texts, theme, props.data, props.kind]);

  return <div ref={element} className="chart-area" style={{ height: props.height }} role="img" aria-label={props.title} />;
}

function Table({ data, height, stepName, title }: { data: ChartData; height: number; stepName: string; title: string }) {
  const { texts, locale } = usePreferences();
  return (
    // A region that scrolls is reached from the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="scrolls" style={{ height, overflowY: 'auto' }} tabIndex={0} role="group" aria-label={title}>
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
    </div>
  );
}
