import { answerOf } from './explanation-answer.ts';
import type { StandingFacts } from './explanation-facts.ts';
import { nextSteps } from './explanation-next.ts';
import type { NextStep } from './explanation-step.ts';
import { standingOf, type Standing } from './explanation-standing.ts';
import { timelineOf, type Moment } from './explanation-timeline.ts';

/** Why a label stands as it does, in sentences for the person who asks. */
export interface Explanation {
  readonly standing: Standing;
  /** One sentence. */
  readonly answer: string;
  /** The oldest first; what holds now comes last. */
  readonly timeline: readonly Moment[];
  readonly next: readonly NextStep[];
}

/** Puts what the catalog says of a label into words. Says nothing that is not in the facts. */
export function explain(facts: StandingFacts): Explanation {
  return {
    standing: standingOf(facts),
    answer: answerOf(facts),
    timeline: timelineOf(facts),
    next: nextSteps(facts),
  };
}
