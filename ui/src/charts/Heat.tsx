/** Two positions and a number for each pair, as a field of colours. */
import { useCallback } from 'react';

import type { Unit } from '../api/client';
import { Scrolls } from '../components/Scrolls';
import { inUnit } from '../format/format';
import { usePreferences } from '../shell/preferences';
import { token } from './colours';
import type { Options } from './echarts';
import { Canvas, Frame } from './Frame';

export interface HeatData {
  across: string[];
  down: string[];
  /** A row for each of `down`. */
  values: (number | null)[][];
  unit: Unit;
}

interface Hovered {
  value: [number, number, number];
}

export function Heat(props: { title: string; hint?: string; tools?: React.ReactNode; data: HeatData; height?: number }) {
  const { locale } = usePreferences();
  const { title, data } = props;
  const height = props.height ?? 280;
  const options = useCallback((width: number) => optionsOf(data, locale, title, width), [data, locale, title]);
  return (
    <Frame
      title={title}
      hint={props.hint}
      tools={props.tools}
      rows={() => [['', ...data.across], ...data.down.map((name, place) => [name, ...(data.values[place] ?? [])])]}
      table={<HeatTable data={data} height={height} title={title} />}
      drawing={(place) => <Canvas title={title} height={height} place={place} options={options} />}
    />
  );
}

function optionsOf(data: HeatData, locale: string, title: string, width: number): Options {
  const soft = token('--soft');
  const points = data.values.flatMap((row, down) => row.flatMap((value, across) => (value === null ? [] : [[across, down, value]])));
  const axis = { type: 'category', axisLine: { show: false }, axisTick: { show: false } };
  return {
    animation: false,
    aria: { enabled: true, label: { description: title } },
    textStyle: { fontFamily: 'inherit', color: soft },
    grid: { left: 4, right: 4, top: 4, bottom: 4, containLabel: true },
    xAxis: { ...axis, data: data.across, axisLabel: { color: soft, hideOverlap: true } },
    yAxis: { ...axis, data: data.down, inverse: true, axisLabel: { color: soft, width: width / 4, overflow: 'truncate' } },
    visualMap: {
      show: false,
      min: 0,
      max: Math.max(...points.map((point) => point[2] ?? 0), 1e-9),
      inRange: { color: [token('--sunk'), token('--data-1')] },
    },
    tooltip: {
      confine: true,
      transitionDuration: 0,
      backgroundColor: token('--raised'),
      borderColor: token('--line'),
      textStyle: { color: token('--ink') },
      formatter: ({ value: [across, down, value] }: Hovered) => {
        const tip = document.createElement('div');
        tip.textContent = `${data.down[down] ?? ''} ${data.across[across] ?? ''}: ${inUnit(locale, value, data.unit)}`;
        return tip;
      },
    },
    series: [{ type: 'heatmap', data: points, itemStyle: { borderColor: token('--surface'), borderWidth: 1 } }],
  };
}

function HeatTable({ data, height, title }: { data: HeatData; height: number; title: string }) {
  const { texts, locale } = usePreferences();
  return (
    <Scrolls label={title} height={height}>
      <table>
        <thead>
          <tr>
            <td />
            {data.across.map((name) => (
              <th scope="col" className="amount" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.down.map((name, place) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {(data.values[place] ?? []).map((value, across) => (
                <td className="amount" key={data.across[across]}>
                  {value === null ? texts.number.noData : inUnit(locale, value, data.unit)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
