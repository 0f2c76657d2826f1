/** Most rows of a serving table that one run may delete: a number of them, or a percentage of those that are there. */
export type DeleteLimit = { readonly rows: number } | { readonly percent: number };

/** Holds when the configuration says nothing, so that a source that is empty by mistake empties no serving table. */
export const USUAL_DELETE_LIMIT: DeleteLimit = { percent: 50 };

/** True when deleting so many of the rows that are there is more than the limit allows. */
export function exceedsDeleteLimit(limit: DeleteLimit, there: number, deleted: number): boolean {
  return 'rows' in limit ? deleted > limit.rows : deleted * 100 > limit.percent * there;
}

/** As it is written in the configuration: `200` or `50%`. */
export function describeDeleteLimit(limit: DeleteLimit): string {
  return 'rows' in limit ? String(limit.rows) : `${String(limit.percent)}%`;
}

/** Reads what `describeDeleteLimit` writes; undefined for any other text. */
export function parseDeleteLimit(text: string | number): DeleteLimit | undefined {
  if (typeof text === 'number') return { rows: text };
  const percent = /^(\d{1,3})%$/.exec(text)?.[1];
  return percent === undefined || Number(percent) > 100 ? undefined : { percent: Number(percent) };
}
