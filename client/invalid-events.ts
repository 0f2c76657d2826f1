/** What is wrong with one event. */
export interface EventProblem {
  /** Position among the events of the call, from 0. */
  readonly index: number;
  /** The field; empty when it is the event as a whole. */
  readonly field: string;
  /** A sentence: what is wrong, and what would be right. */
  readonly reason: string;
}

/** Most problems that the message spells out; `problems` has all. */
const SPELT_OUT = 10;

/** Events that a router would reject. Nothing of the call was sent. */
export class InvalidEvents extends Error {
  override readonly name = 'InvalidEvents';
  readonly problems: readonly EventProblem[];

  constructor(problems: readonly EventProblem[], total: number) {
    const lines = problems
      .slice(0, SPELT_OUT)
      .map(({ index, reason }) => `\n  event ${String(index)}: ${reason}`);
    const more = problems.length - lines.length;
    super(
      `Nothing was sent: ${String(problems.length)} of ${String(total)} events would be rejected.` +
        lines.join('') +
        (more > 0 ? `\n  and ${String(more)} more, in the error's "problems"` : ''),
    );
    this.problems = problems;
  }
}
