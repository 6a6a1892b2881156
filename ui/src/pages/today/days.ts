/** Today, and the day a week before it. */

function dayIn(zone: string, time: number): string {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return parts.format(time);
}

/** Today so far, against the same hours of the same weekday before: the server compares equal elapsed times. */
export function likeLastWeek(zone: string): { range: { from: string; to: string }; compare: string } {
  const today = dayIn(zone, Date.now());
  const before = new Date(Date.parse(`${today}T00:00:00Z`) - 7 * 86_400_000).toISOString().slice(0, 10);
  return { range: { from: today, to: today }, compare: `${before}..${before}` };
}

/** The name of today's weekday. */
export function weekday(language: string, zone: string): string {
  return new Intl.DateTimeFormat(language, { weekday: 'long', timeZone: zone }).format(Date.now());
}
