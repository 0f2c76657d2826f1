import type { EventError } from './data-event.ts';
import type { StandingFacts } from './explanation-facts.ts';
import { holdingCheck, standingOf } from './explanation-standing.ts';
import { runId } from './ids.ts';

/** What to do next. `cure`: what the class of a failure asks for, and then to run the label again. */
export type NextStep =
  | { readonly kind: 'command'; readonly what: string; readonly command: string }
  | {
      readonly kind: 'cure';
      readonly error: EventError;
      readonly outcome: string | null;
      readonly stage: string;
      readonly timelabel: string;
    }
  | { readonly kind: 'nothing'; readonly what: string };

/** A step with the exact command; `what` leads to it, and a colon follows. */
export function command(what: string, text: string): NextStep {
  return { kind: 'command', what, command: text };
}

/** A step that no command takes: a whole sentence. */
export function nothing(what: string): NextStep {
  return { kind: 'nothing', what };
}

/** Always possible, also of a stage that is not in force any more. */
export function historyOf({ timelabel }: StandingFacts, stageId: string): NextStep {
  return command('See every revision and decision', `reefline runs show ${stageId} ${timelabel}`);
}

/** Of a run that is open. */
export function followStep({ timelabel }: StandingFacts, stageId: string): NextStep {
  return command(
    'Nothing has to be done. To follow it',
    `temporal workflow show --workflow-id ${runId(stageId, timelabel)} --follow`,
  );
}

/** What a person can decide about a label of the dataset that its blocking check holds. */
export function quarantineSteps(facts: StandingFacts, dataset: string): readonly NextStep[] {
  const { timelabel } = facts;
  const check = holdingCheck(facts)?.stage ?? facts.stageId ?? '';
  const rejected = standingOf(facts) === 'rejected' || holdingCheck(facts)?.run?.outcome === 'REJECTED';
  const reject = command('Give it up', `reefline reject ${dataset} ${timelabel} --reason "…"`);
  return [
    command('Repair the data and run the check again', `reefline run ${check} ${timelabel}`),
    command('Let it pass as it is', `reefline release ${dataset} ${timelabel} --reason "…"`),
    ...(rejected ? [] : [reject]),
  ];
}

/** What ends that a label is made of data that is refused. */
export function refusedSteps({ refused: [first] }: StandingFacts): readonly NextStep[] {
  if (first === undefined) return [];
  const { check, dataset, timelabel } = first;
  return [
    command(`Repair ${dataset} and run its check again`, `reefline run ${check} ${timelabel}`),
    command('Or let it pass as it is', `reefline release ${dataset} ${timelabel} --reason "…"`),
  ];
}
