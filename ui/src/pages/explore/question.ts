/** What an address of Explore asks. */
import type { Query, Schemas } from '../../api/client';
import type { ExploreSearch } from '../../router-search';

export const GRAINS: Schemas['Grain'][] = ['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'hour_of_day', 'weekday'];
export const SHOWS = ['table', 'line', 'bar', 'stack'] as const;
export type Show = (typeof SHOWS)[number];
/** How many series a chart takes before nobody can tell them apart. */
export const MOST_SERIES = 8;

export function showOf(search: Partial<ExploreSearch>): Show {
  return SHOWS.find((one) => one === search.show) ?? 'table';
}

export function exploreQuestion(search: Partial<ExploreSearch>): Partial<Query> & { metrics: string[] } {
  const { metric = [], by = [], limit = '50', order, others } = search;
  const time = GRAINS.find((one) => one === search.grain);
  return {
    metrics: metric,
    dimensions: by,
    ...(time !== undefined && { grain: time }),
    ...(order !== undefined && { order: [order] }),
    // A chart over time has every step: the largest groups, and all others as one.
    ...(showOf(search) !== 'table' && time !== undefined && by.length > 0
      ? { limit: MOST_SERIES - 1, other: true }
      : { limit: Number(limit), ...(others === 'yes' && by.length > 0 && { other: true }) }),
  };
}
