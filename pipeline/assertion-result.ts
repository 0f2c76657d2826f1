import type { Assertion } from './stage.ts';

/** What one assertion of a check found. JSON only: it becomes part of the check's event. */
export interface AssertionResult {
  readonly name: string;
  readonly severity: Assertion['severity'];
  /** Rows that violate the assertion; 0 when it holds. */
  readonly violations: number;
  /** At most five of these rows as text for people, `id = 17, amount = -3.5`, each cut to a readable length. */
  readonly sample: readonly string[];
}
