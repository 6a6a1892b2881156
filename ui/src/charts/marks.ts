/** Where on a time axis something happened. */
import type { Annotation, Release } from '../api/saved';

export interface Mark {
  id: string;
  /** The step in which it happened. */
  position: number;
  /** The step in which it ended, where it lasted. */
  end: number | undefined;
  text: string;
  kind: Annotation['kind'];
  time: string;
  /** Whether nobody noted it: the sessions themselves say it. */
  seen: boolean;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** An instant on the clock of a zone, as the server writes steps: `2026-03-02T14:05`. */
function onClock(time: string, zone: string): string {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    formats.set(zone, format);
  }
  return format.format(new Date(time)).replace(' ', 'T');
}

/** The last step that began by then; steps are written so that they sort as they follow each other. */
function stepOf(steps: readonly string[], clock: string): number {
  let found = -1;
  steps.forEach((step, position) => {
    if (step.slice(0, 16) <= clock) found = position;
  });
  return found;
}

export function marksOf(steps: readonly string[], annotations: readonly Annotation[], zone: string): Mark[] {
  return annotations.flatMap((one) => {
    const position = stepOf(steps, onClock(one.time, zone));
    const end = one.end == null ? undefined : stepOf(steps, onClock(one.end, zone));
    // What began before the chart and lasts into it is marked at its beginning.
    if (position < 0 && (end === undefined || end < 0)) return [];
    return [{ id: one.id, position: Math.max(position, 0), end, text: one.text, kind: one.kind, time: one.time, seen: false }];
  });
}

/** New versions whose first day is on the chart. */
export function releasesOf(steps: readonly string[], releases: readonly Release[], zone: string, said: (version: string, bot: string | null) => string): Mark[] {
  return releases.flatMap((one) => {
    const position = stepOf(steps, onClock(one.time, zone));
    if (position < 0) return [];
    return [{ id: `${one.bot ?? ''} ${one.version}`, position, end: undefined, text: said(one.version, one.bot_name ?? null), kind: 'release', time: one.time, seen: true }];
  });
}
