/** What ECharts is told. Tooltips are made of elements, not of text: the policy of the server forbids styles in text. */
import type { Unit } from '../api/client';
import { inUnit, short } from '../format/format';
import type { Texts } from '../texts/en';
import type { ChartData, Series } from './Chart';
import { hatching, seriesColour, token } from './colours';
import type { Options } from './echarts';
import type { Mark } from './marks';

const MARK_COLOURS: Record<Mark['kind'], string> = { release: '--accent', incident: '--bad', campaign: '--data-3', other: '--edge' };

export type Kind = 'line' | 'bar' | 'stack' | 'shares';

interface Wanted {
  data: ChartData;
  kind: Kind;
  title: string;
  locale: string;
  texts: Texts;
  width: number;
  /** Whether each step has its name, aslant where they are many. */
  slanted: boolean;
  /** What happened, on steps of time. */
  marks: readonly Mark[];
}

interface Hovered {
  dataIndex: number;
}

export function optionsOf(wanted: Wanted): Options {
  const { data, kind, locale } = wanted;
  const unit = kind === 'shares' ? 'share' : (data.series[0]?.unit ?? 'sessions');
  const soft = token('--soft');
  const line = token('--line');
  const { legend, top } = legendOf(wanted, soft);
  return {
    animation: false,
    aria: { enabled: true, label: { description: wanted.title } },
    textStyle: { fontFamily: 'inherit', color: soft },
    grid: { left: 4, right: 12, top, bottom: 4, containLabel: true },
    ...legend,
    xAxis: {
      type: 'category',
      data: data.steps,
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: {
        color: soft,
        overflow: 'truncate',
        ...namesOf(wanted),
      },
    },
    yAxis: {
      type: 'value',
      ...(kind === 'shares' ? { max: 1 } : isCounted(data) && { minInterval: 1 }),
      ...(kind === 'line' && { scale: unit === 'score' }),
      splitLine: { lineStyle: { color: line } },
      axisLabel: { color: soft, formatter: (value: number) => short(locale, value, unit) },
    },
    tooltip: {
      trigger: 'axis',
      confine: true,
      transitionDuration: 0,
      backgroundColor: token('--raised'),
      borderColor: line,
      textStyle: { color: token('--ink') },
      formatter: (hovered: Hovered[]) => tip(wanted, hovered[0]?.dataIndex ?? 0),
    },
    series: drawn(wanted),
  };
}

/** How the steps are named: those of time here and there, a few others each. */
function namesOf({ data, slanted, width }: Wanted): object {
  if (slanted && data.steps.length > 4) return { interval: 0, rotate: 30, width: 110 };
  if (data.times === undefined && data.steps.length <= 12) return { interval: 0, width: Math.max((width - 60) / data.steps.length - 6, 24) };
  return { hideOverlap: true, width: width / 4 };
}

/** Units of which there are parts. */
const MEASURED: ReadonlySet<Unit> = new Set(['share', 'dollars', 'seconds', 'score', 'points']);

/** Whether there are whole things alone, of which an axis names no halves. */
function isCounted({ series }: ChartData): boolean {
  return series.every(({ unit, values }) => !MEASURED.has(unit) && values.every((value) => value === null || Number.isInteger(value)));
}

/** How high a line of the legend is, and how many lines stand above a chart before they are leafed through. */
const LEGEND_LINE = 22;
const LEGEND_LINES = 3;

/** The names of the series, all of them as long as they fit on a few lines; and where the drawing begins. */
function legendOf({ data, width }: Wanted, colour: string): { legend: object; top: number } {
  if (data.series.length < 2) return { legend: {}, top: 12 };
  let lines = 1;
  let filled = 0;
  for (const { name } of data.series) {
    // The mark, the gaps around it and the letters, which are 12 pixels high.
    const wanted = 12 + 5 + 10 + name.length * 6.2;
    if (filled > 0 && filled + wanted > width) {
      lines += 1;
      filled = 0;
    }
    filled += wanted;
  }
  const all = { top: 0, left: 0, right: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: colour } };
  if (lines > LEGEND_LINES) {
    return { legend: { legend: { ...all, type: 'scroll', pageTextStyle: { color: colour }, pageIconColor: colour } }, top: 34 };
  }
  return { legend: { legend: all }, top: 12 + lines * LEGEND_LINE };
}

function drawn({ data, kind, texts, marks }: Wanted): unknown[] {
  const totals = data.steps.map((_, position) => data.series.reduce((sum, series) => sum + (series.values[position] ?? 0), 0));
  const all: unknown[] = data.series.map((series, place) => {
    const colour = seriesColour(series.id, place);
    const values =
      kind === 'shares'
        ? series.values.map((value, position) => ((totals[position] ?? 0) > 0 ? (value ?? 0) / (totals[position] ?? 1) : null))
        : series.values;
    return {
      name: series.name,
      type: kind === 'line' ? 'line' : 'bar',
      data: values,
      itemStyle: { color: colour },
      ...(kind === 'line' && { lineStyle: { width: 2 }, symbol: data.steps.length > 40 ? 'none' : 'circle', symbolSize: 5, connectNulls: false }),
      ...(kind !== 'line' && { barMaxWidth: 40 }),
      ...((kind === 'stack' || kind === 'shares') && { stack: 'all' }),
      ...(place === 0 && pendingArea(data, texts)),
      ...(place === 0 && flags(data, marks)),
    };
  });
  const only = data.series.length === 1 && kind === 'line' ? data.series[0] : undefined;
  return only?.intervals === undefined ? all : [...band(only), ...all];
}

/** The hatched stretch at the end. */
function pendingArea(data: ChartData, texts: Texts): object {
  const from = data.pendingFrom === undefined ? undefined : data.steps[data.pendingFrom];
  if (from === undefined) return {};
  const area = [{ name: texts.chart.pending, xAxis: from }, { xAxis: data.steps.at(-1) }];
  return {
    markArea: { silent: true, itemStyle: { color: hatching() }, label: { show: false }, data: [area] },
  };
}

/** A line where something happened. */
function flags(data: ChartData, marks: readonly Mark[]): object {
  if (marks.length === 0) return {};
  return {
    markLine: {
      symbol: 'none',
      silent: true,
      label: { show: false },
      lineStyle: { type: 'dashed', width: 1 },
      data: marks.flatMap((mark) => {
        const at = [mark.position, ...(mark.end === undefined || mark.end === mark.position ? [] : [mark.end])];
        return at.map((position) => ({ xAxis: data.steps[position], lineStyle: { color: token(MARK_COLOURS[mark.kind]), ...(mark.seen && { type: 'dotted' }) } }));
      }),
    },
  };
}

/** The interval of a single line: an invisible base and a band upon it. */
function band(series: Series): unknown[] {
  const part = { type: 'line', stack: 'interval', symbol: 'none', lineStyle: { opacity: 0 }, silent: true, tooltip: { show: false } };
  const intervals = series.intervals ?? [];
  return [
    { ...part, name: '', data: intervals.map((interval) => interval?.[0] ?? null) },
    {
      ...part,
      name: '',
      data: intervals.map((interval) => (interval === null ? null : interval[1] - interval[0])),
      areaStyle: { color: seriesColour(series.id, 0), opacity: 0.16 },
    },
  ];
}

function tip({ data, kind, locale, texts, marks }: Wanted, position: number): HTMLElement {
  const tip = document.createElement('div');
  tip.className = 'chart-tip';
  const head = document.createElement('strong');
  head.textContent = data.steps[position] ?? '';
  tip.append(head);
  const total = data.series.reduce((sum, series) => sum + (series.values[position] ?? 0), 0);
  data.series.forEach((series, place) => {
    const line = document.createElement('div');
    line.className = 'line';
    const name = document.createElement('span');
    const dot = document.createElement('span');
    dot.className = 'dot';
    dot.style.backgroundColor = seriesColour(series.id, place);
    name.append(dot, ` ${series.name}`);
    const amount = document.createElement('span');
    const value = series.values[position];
    const said = typeof value === 'number' ? inUnit(locale, value, series.unit) : texts.number.noData;
    const interval = series.intervals?.[position];
    const share = kind === 'shares' && total > 0 ? ` · ${inUnit(locale, (value ?? 0) / total, 'share')}` : '';
    const between = interval ? ` (${inUnit(locale, interval[0], series.unit)} – ${inUnit(locale, interval[1], series.unit)})` : '';
    amount.textContent = said + share + between;
    line.append(name, amount);
    tip.append(line);
  });
  marks
    .filter((mark) => mark.position === position)
    .forEach((mark) => {
      const line = document.createElement('div');
      line.textContent = `⚑ ${mark.text}`;
      tip.append(line);
    });
  if (data.pendingFrom !== undefined && position >= data.pendingFrom) tip.append(texts.chart.pending);
  return tip;
}
