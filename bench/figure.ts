/** One figure of the bench. `bar` is the value that it must not pass; null when nothing is promised. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly bar: number | null;
  /** Null when there is no bar. */
  readonly ok: boolean | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A figure that must be at most `bar`. */
export function atMost(name: string, value: number, bar: number, detail: Figure['detail']): Figure {
  return { name, value: rounded(value), bar, ok: value <= bar, detail };
}

/** A figure that must be at least `bar`. */
export function atLeast(name: string, value: number, bar: number, detail: Figure['detail']): Figure {
  return { name, value: rounded(value), bar, ok: value >= bar, detail };
}

/** A figure that is only reported. */
export function reported(name: string, value: number, detail: Figure['detail']): Figure {
  return { name, value: rounded(value), bar: null, ok: null, detail };
}

/** The value below which the given part (0 to 1) of the values lies: nearest rank. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** Three significant digits; whole numbers stay whole. */
export function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(3));
}
