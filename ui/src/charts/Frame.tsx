/** The frame of every drawing, with its table, its picture and its data; and the place that ECharts draws in. */
import * as Menu from '@radix-ui/react-dropdown-menu';
import { useEffect, useRef, useState, type ReactNode } from 'react';

import { usePreferences } from '../shell/preferences';
import type { Drawing, Options } from './echarts';
import { drawAll, drawLater, drawNow, forget, isWaiting } from './later';
import { saveCsv, saveImage, type Cells } from './save';

/** Where the drawing is kept, so that its picture can be saved. */
export interface DrawingPlace {
  current: Drawing | null;
}

export function Frame(props: {
  title: string;
  hint?: string | undefined;
  /** What stands beside the title, such as a choice. */
  tools?: ReactNode;
  /** What is saved as data, the names of the columns first. */
  rows: () => Cells;
  table: ReactNode;
  drawing: (place: DrawingPlace) => ReactNode;
}) {
  const { texts } = usePreferences();
  const [shown, setShown] = useState<'chart' | 'table'>('chart');
  const place = useRef<Drawing | null>(null);
  return (
    <section className="card" aria-label={props.title}>
      <header>
        <div>
          <h2>{props.title}</h2>
          {props.hint !== undefined && <p className="soft small">{props.hint}</p>}
        </div>
        <div className="row tools">
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
                    drawAll();
                    const image = place.current?.getDataURL({ pixelRatio: 2, backgroundColor: getComputedStyle(document.body).backgroundColor });
                    if (image !== undefined) saveImage(props.title, image);
                  }}
                >
                  {texts.chart.image}
                </Menu.Item>
              )}
              <Menu.Item className="menu-item" onSelect={() => saveCsv(props.title, props.rows())}>
                {texts.chart.data}
              </Menu.Item>
            </Menu.Content>
          </Menu.Root>
        </div>
      </header>
      {shown === 'chart' ? props.drawing(place) : props.table}
    </section>
  );
}

type Init = (typeof import('./echarts'))['init'];

/** Loads what draws lines, bars and heat maps. */
const plain = () => import('./echarts').then((module) => module.init);

/** What a new drawing puts in the place of the old one: all but the tip, for whose new element the browser would lay out all of the page. */
const REPLACED = ['grid', 'xAxis', 'yAxis', 'legend', 'visualMap', 'series'];

/** Draws `options` and draws them again when the data, the language, the colours or the width change. */
export function Canvas(props: {
  title: string;
  height: number;
  place: DrawingPlace;
  /** What is drawn, in a width in pixels. The function changes with what it draws and with nothing else. */
  options: (width: number) => Options;
  load?: () => Promise<Init>;
  onChoose?: (chosen: { position: number; data: unknown }) => void;
}) {
  const { locale, theme } = usePreferences();
  const element = useRef<HTMLDivElement>(null);
  // To ask for it while a page is being drawn makes the browser lay out all of it for each chart.
  const width = useRef(0);
  const drawing = useRef<(() => void) | null>(null);
  const seen = useRef(true);
  const latest = useRef(props);
  latest.current = props;
  const { place, load = plain } = props;

  useEffect(() => {
    const box = element.current;
    if (box === null) return;
    let gone = false;
    let observer: ResizeObserver | undefined;
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => place.current?.setOption(latest.current.options(width.current), { replaceMerge: REPLACED });
    drawing.current = draw;
    const sight = new IntersectionObserver((entries) => {
      seen.current = entries.at(-1)?.isIntersecting ?? true;
      if (seen.current && isWaiting(draw)) drawNow(draw);
    });
    sight.observe(box);
    void load().then((init) => {
      if (gone) return;
      const made = init(box, undefined, { renderer: 'canvas' });
      place.current = made;
      width.current = box.clientWidth;
      made.on('click', (event) => {
        if (typeof event.dataIndex === 'number') latest.current.onChoose?.({ position: event.dataIndex, data: event.data });
      });
      draw();
      observer = new ResizeObserver(() => {
        if (box.clientWidth === width.current) return;
        width.current = box.clientWidth;
        made.resize();
        draw();
      });
      observer.observe(box);
      scheme.addEventListener('change', draw);
    });
    return () => {
      gone = true;
      forget(draw);
      sight.disconnect();
      observer?.disconnect();
      scheme.removeEventListener('change', draw);
      place.current?.dispose();
      place.current = null;
    };
  }, [place, load]);

  const { options } = props;
  useEffect(() => {
    const draw = drawing.current;
    if (place.current === null || draw === null) return;
    // What is out of sight waits until all that is in sight is there.
    if (seen.current) drawNow(draw);
    else drawLater(draw);
  }, [place, options, locale, theme]);

  return <div ref={element} className="chart-area" style={{ height: props.height }} role="img" aria-label={props.title} />;
}
