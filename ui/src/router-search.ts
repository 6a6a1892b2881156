/** What addresses of pages may say. */

/** A list of texts of an address. */
export function texts(value: unknown): string[] | undefined {
  const all = [value].flat().filter((text): text is string => typeof text === 'string' && text !== '');
  return all.length === 0 ? undefined : all;
}

export function text(value: unknown): string | undefined {
  return texts(value)?.[0];
}

/** Leaves out what is not said. */
export function said<T extends object>(search: { [Name in keyof T]: T[Name] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as Partial<T>;
}

export interface ExploreSearch {
  metric: string[];
  by: string[];
  grain: string;
  show: string;
  limit: string;
  order: string;
  others: string;
}

export function readExplore(search: Record<string, unknown>): Partial<ExploreSearch> {
  return said<ExploreSearch>({
    metric: texts(search.metric),
    by: texts(search.by),
    grain: text(search.grain),
    show: text(search.show),
    limit: text(search.limit),
    order: text(search.order),
    others: text(search.others),
  });
}
