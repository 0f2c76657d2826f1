import type { EventQueue } from './event-queue.ts';
import type { Ledger } from './ledger.ts';
import type { Plan } from './calendar.ts';
import type { Stack } from './stack.ts';
import type { View } from './view.ts';

/** What the parts of the demo share. */
export interface Demo {
  readonly stack: Stack;
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly queue: EventQueue;
  readonly view: View;
  /** States what must be so, and remembers when it is not: the demo then ends with exit code 1. */
  readonly check: (holds: boolean, sentence: string) => void;
}
