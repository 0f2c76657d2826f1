/** One thing that is wrong with a project, where it is, and what to do. Never holds the value of a secret. */
export interface Problem {
  /** Relative to the project, with forward slashes. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  /** Path of the field in its file, such as `stages.fetch_orders.cursor`; empty for the whole file. */
  readonly field: string;
  /** What is wrong: half a sentence without a full stop. */
  readonly problem: string;
  /** What to do: half a sentence without a full stop. */
  readonly cure: string;
}

/** `pipelines/orders.yaml:4:20  stages.load_orders.mode: 'mrege' is no mode. Did you mean merge?` */
export function formatProblem(problem: Problem): string {
  const field = problem.field === '' ? '' : `${problem.field}: `;
  return `${problem.file}:${problem.line}:${problem.column}  ${field}${problem.problem}. ${sentence(problem.cure)}`;
}

/** By file, then by position, so that the same project always reports in the same order. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (a, b) =>
      compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.field, b.field),
  );
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(first) ? first : `${first}.`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
