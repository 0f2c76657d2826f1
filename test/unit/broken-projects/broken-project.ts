/* The files of the good project in test/support/project-files.ts. */
export const SETTINGS = 'reefline.yaml';
export const ORDERS = 'pipelines/orders.yaml';
export const SQL = 'sql/daily_revenue.sql';

/** A problem that must be reported. */
export interface Expected {
  readonly file: string;
  readonly line: number;
  readonly field: string;
  readonly problem: RegExp;
  readonly cure: RegExp;
}

/** The good project with something broken in it. */
export interface BrokenProject {
  readonly name: string;
  /** Replacements in the files of the good project: file, text to find, text to put there. */
  readonly edits?: readonly (readonly [file: string, find: string, put: string])[];
  /** Files to add, or with null to remove. */
  readonly files?: Readonly<Record<string, string | null>>;
  readonly expected: readonly Expected[];
}

export function at(file: string, line: number, field: string, problem: RegExp, cure: RegExp): Expected {
  return { file, line, field, problem, cure };
}
