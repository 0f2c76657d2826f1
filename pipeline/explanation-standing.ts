import type { CheckFact, StandingFacts } from './explanation-facts.ts';
import { newestRun } from './explanation-words.ts';

/** How a label stands, in one word for programs. `reported` and `not-reported`: of a dataset from outside. */
export type Standing =
  | 'done'
  | 'running'
  | 'waiting'
  | 'paused'
  | 'held'
  | 'failed'
  | 'missing'
  | 'quarantined'
  | 'rejected'
  | 'skipped'
  | 'superseded'
  | 'closed'
  | 'not-started'
  | 'reported'
  | 'not-reported';

export function standingOf(facts: StandingFacts): Standing {
  if (facts.stageId === null) return facts.events.length > 0 ? 'reported' : 'not-reported';
  const run = newestRun(facts);
  if (run?.status === 'RUNNING') return 'running';
  if (facts.held !== null) return facts.held.cause === 'paused' ? 'paused' : 'held';
  if (run === undefined) return 'not-started';
  switch (run.status) {
    case 'WAITING':
      return 'waiting';
    case 'SKIPPED':
      return 'skipped';
    case 'SUPERSEDED':
      return 'superseded';
    case 'CLOSED':
      return 'closed';
    case 'FAILURE':
      return failedStanding(run.outcome);
    case 'SUCCESS':
      return holdingCheck(facts) === undefined ? 'done' : 'quarantined';
  }
}

function failedStanding(outcome: string | null): Standing {
  if (outcome === 'QUARANTINED') return 'quarantined';
  if (outcome === 'REJECTED') return 'rejected';
  return outcome === 'MISSING' ? 'missing' : 'failed';
}

/** The blocking check that keeps what the stage made from its dependents; undefined when none does. */
export function holdingCheck({ checks }: StandingFacts): CheckFact | undefined {
  return checks.find(({ run }) => run?.outcome === 'QUARANTINED' || run?.outcome === 'REJECTED');
}
