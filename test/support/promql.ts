/** What an expression of PromQL names. Reads what our own rules and dashboards use of the language, not all of it. */
export interface Named {
  /** Each metric, with the labels that its braces name, and how it is looked at. */
  readonly metrics: readonly {
    readonly name: string;
    readonly matchers: Readonly<Record<string, string>>;
    /** True when it has a range, as `rate` and `increase` need. */
    readonly ranged: boolean;
  }[];
  /** Labels of `by`, `on` and the like. */
  readonly grouped: readonly string[];
}

const METRIC = /\b((?:reefline|temporal|process)_[a-z0-9_]+)\s*(?:\{([^}]*)\})?\s*(\[[^\]]+\])?/g;
const GROUPING = /\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const MATCHER = /([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g;

export function namesIn(expression: string): Named {
  return {
    metrics: [...expression.matchAll(METRIC)].map(([, name = '', braces = '', range]) => ({
      name,
      matchers: Object.fromEntries(
        [...braces.matchAll(MATCHER)].map(([, label = '', value = '']) => [label, value]),
      ),
      ranged: range !== undefined,
    })),
    grouped: [...expression.matchAll(GROUPING)].flatMap(([, list = '']) =>
      list
        .split(',')
        .map((label) => label.trim())
        .filter((label) => label !== ''),
    ),
  };
}
