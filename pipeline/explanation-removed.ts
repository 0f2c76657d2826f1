import type { StandingFacts } from './explanation-facts.ts';
import { holdingCheck, standingOf } from './explanation-standing.ts';
import {
  command,
  followStep,
  historyOf,
  nothing,
  quarantineSteps,
  type NextStep,
} from './explanation-step.ts';

/** What can be done about a label whose stage is not in force: nothing that runs, releases or resumes it. */
export function removedSteps(facts: StandingFacts, stageId: string): readonly NextStep[] {
  const history = historyOf(facts, stageId);
  const versions = command('See what the config versions changed', 'reefline config history');
  const gone = nothing(
    `Nothing can run it: the configuration in force has no stage ${stageId}. To make it, put the stage back and apply.`,
  );
  switch (standingOf(facts)) {
    case 'done':
      return [history];
    case 'running':
      return [followStep(facts, stageId), history];
    case 'closed':
      return [versions];
    case 'not-started':
      return [gone, command('See the stages in force', 'reefline status')];
    case 'waiting':
    case 'missing':
    case 'paused':
    case 'held':
    case 'failed':
    case 'quarantined':
    case 'rejected':
    case 'skipped':
    case 'superseded':
    case 'reported':
    case 'not-reported':
      // A check that is still in force can be run and judged, whoever made what it checks.
      return holdingCheck(facts) === undefined
        ? [gone, versions, history]
        : quarantineSteps(facts, facts.dataset);
  }
}
