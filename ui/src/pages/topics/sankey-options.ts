/** What ECharts is told about flows. */
import type { Schemas } from '../../api/client';
import { seriesColour, token } from '../../charts/colours';
import type { Options } from '../../charts/echarts';
import { percent, whole } from '../../format/format';
import type { Texts } from '../../texts/en';

type Step = Schemas['StepName'] | null | undefined;

export function nodeName(texts: Texts, step: Step): string {
  return step?.name ?? texts.table.other;
}

function id(depth: number, step: Step): string {
  return `${depth} ${step?.key ?? ''}`;
}

interface Hovered {
  dataType: 'node' | 'edge';
  data: { said: string };
}

/**
 * Nodes stand at their distance from the step, from left to right in the order of time; going backward the step
 * stands at the right. What ended at a node is the part of it that no link leaves.
 */
export function sankeyOf(wanted: { answer: Schemas['FlowResult']; title: string; texts: Texts; locale: string; width: number }): Options {
  const { answer, texts, locale, width } = wanted;
  const backward = answer.direction === 'backward';
  const deepest = Math.max(...answer.nodes.map((node) => node.depth), 0);
  const steps = [...new Set(answer.nodes.map((node) => node.step?.key ?? ''))];
  const nodes = answer.nodes.map((node) => {
    const name = nodeName(texts, node.step);
    const ended = node.ended.numerator ?? 0;
    const end = backward ? texts.topics.beganHere : texts.topics.endedHere;
    return {
      name: id(node.depth, node.step),
      depth: backward ? deepest - node.depth : node.depth,
      value: node.sessions,
      ...(node.step != null && { step: node.step.name }),
      itemStyle: { color: node.step == null ? token('--none') : seriesColour('', steps.indexOf(node.step.key)) },
      label: { formatter: name },
      said: `${name}: ${whole(locale, node.sessions)} (${percent(locale, node.share.value ?? 0)}) · ${end}: ${whole(locale, ended)}`,
    };
  });
  const links = answer.links.map((link) => {
    const [near, far] = [id(link.depth, link.from), id(link.depth + 1, link.to)];
    const names = backward ? [link.to, link.from] : [link.from, link.to];
    return {
      source: backward ? far : near,
      target: backward ? near : far,
      value: link.sessions,
      said: `${names.map((step) => nodeName(texts, step)).join(' → ')}: ${whole(locale, link.sessions)} (${percent(locale, link.share.value ?? 0)})`,
    };
  });
  return {
    animation: false,
    aria: { enabled: true, label: { description: wanted.title } },
    textStyle: { fontFamily: 'inherit' },
    tooltip: {
      confine: true,
      transitionDuration: 0,
      backgroundColor: token('--raised'),
      borderColor: token('--line'),
      textStyle: { color: token('--ink') },
      formatter: ({ data }: Hovered) => {
        const tip = document.createElement('div');
        tip.textContent = data.said;
        return tip;
      },
    },
    series: [
      {
        type: 'sankey',
        data: nodes,
        links,
        left: 4,
        right: Math.min(150, width / 4),
        top: 8,
        bottom: 8,
        nodeWidth: 10,
        nodeGap: 12,
        nodeAlign: 'left',
        layoutIterations: 0,
        draggable: false,
        emphasis: { focus: 'adjacency' },
        lineStyle: { color: 'source', opacity: 0.25, curveness: 0.5 },
        label: { color: token('--ink'), fontSize: 12, width: Math.max(width / (deepest + 2), 60), overflow: 'truncate' },
      },
    ],
  };
}
