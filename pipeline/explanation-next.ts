import type { BackfillFact, StandingFacts, MissingFact } from './explanation-facts.ts';
import { rootCause } from './explanation-missing.ts';
import { removedSteps } from './explanation-removed.ts';
import { standingOf } from './explanation-standing.ts';
import {
  command,
  followStep,
  historyOf,
  nothing,
  quarantineSteps,
  refusedSteps,
  type NextStep,
} from './explanation-step.ts';
import { labelText, minute, newestRun } from './explanation-words.ts';

/** Causes of missing inputs that get a step each. */
const CAUSES = 3;

/** What a person can do about the label, the most useful first. */
export function nextSteps(facts: StandingFacts): readonly NextStep[] {
  const open = facts.backfills.find(({ item }) => item !== null);
  if (open === undefined) return stepsOf(facts);
  const standing = standingOf(facts);
  const holds = standing === 'paused' || standing === 'held' || facts.opening?.kind === 'paused';
  // What holds the label back holds the backfill, too.
  if (holds) return [...stepsOf(facts), ...backfillSteps(open)];
  return standing === 'not-started' ? backfillSteps(open) : [...backfillSteps(open), ...stepsOf(facts)];
}

function backfillSteps({ id, status }: BackfillFact): readonly NextStep[] {
  const show = command(
    `It belongs to the open backfill ${id}. To see how far that is`,
    `reefline backfill show ${id}`,
  );
  return status === 'paused'
    ? [
        command(
          `The backfill ${id}, which it belongs to, is paused. To go on`,
          `reefline backfill resume ${id}`,
        ),
        show,
      ]
    : [show];
}

function stepsOf(facts: StandingFacts): readonly NextStep[] {
  const { stageId, timelabel, dataset, stage } = facts;
  if (stageId === null) return outsideSteps(facts);
  if (stage === null) return removedSteps(facts, stageId);
  const run = newestRun(facts);
  const again = `reefline run ${stageId} ${timelabel}`;
  const history = historyOf(facts, stageId);
  switch (standingOf(facts)) {
    case 'done':
      if (facts.silent.length > 0)
        return [...refusedSteps(facts), command('To take up what was run with --only', again), history];
      if (facts.refused.length > 0) return [...refusedSteps(facts), history];
      return [
        command('Nothing has to be done. To make it again anyway', `${again} --rerun --reason "…"`),
        history,
      ];
    case 'running':
      return [followStep(facts, stageId), history];
    case 'waiting':
    case 'missing':
      return missingSteps(facts);
    case 'not-started':
      return unstartedSteps(facts);
    case 'paused':
      return pausedSteps(facts);
    case 'held':
      return [command('Let it run', `reefline release ${stageId} ${timelabel} --reason "…"`)];
    case 'failed':
      return run?.error == null
        ? [command('Run it again', again), history]
        : [{ kind: 'cure', error: run.error, outcome: run.outcome, stage: stageId, timelabel }, history];
    case 'quarantined':
    case 'rejected':
      return quarantineSteps(facts, stage.work.kind === 'check' ? stage.work.from : dataset);
    case 'skipped':
      return [command('Make it after all', again)];
    case 'superseded':
      return [
        command('The next revision opens by itself. To see it', `reefline runs show ${stageId} ${timelabel}`),
      ];
    case 'closed':
      return [command('Let it look again', again)];
    case 'reported':
    case 'not-reported':
      return outsideSteps(facts);
  }
}

function outsideSteps({
  dataset,
  events,
  downstream,
  timelabel,
  rejected,
}: StandingFacts): readonly NextStep[] {
  const last = events.at(-1);
  if (last !== undefined) {
    const [below] = downstream;
    const why =
      below === undefined
        ? []
        : [command('See what became of it below', `reefline why ${below.stage} ${below.timelabel}`)];
    return [command('See the event and its deliveries', `reefline events show ${last.eventId}`), ...why];
  }
  const search = command('See what was reported of it', `reefline events search --dataset ${dataset}`);
  const refused = command(
    rejected.length > 0
      ? 'Correct what was rejected and send it again'
      : 'See whether a message of its sender was rejected',
    'reefline events rejected',
  );
  return [nothing(`Ask whoever produces ${dataset} to report ${timelabel}.`), refused, search];
}

function missingSteps(facts: StandingFacts): readonly NextStep[] {
  const { opening, missing, stageId, timelabel } = facts;
  if (opening?.kind === 'paused') return pausedSteps(facts);
  if (missing.length === 0)
    return [command('Let it look again', `reefline run ${stageId ?? ''} ${timelabel}`)];
  const steps = missing.slice(0, CAUSES).flatMap((one) => causeSteps(rootCause(one), facts.now));
  const unique = new Map(steps.map((step) => [JSON.stringify(step), step]));
  return [...unique.values()];
}

/** What mends the cause of a missing input. */
function causeSteps(missing: MissingFact, now: Date): readonly NextStep[] {
  const { dataset, first, count, producer } = missing;
  if (producer === null)
    return [
      nothing(
        `Ask whoever produces ${dataset} to report ${missing.need === 'label' ? first : 'a label of it'}.`,
      ),
      command('See whether a message of its sender was rejected', 'reefline events rejected'),
    ];
  const { stage, run, held, pause, due, opening } = producer;
  const again = `reefline run ${stage} ${first}`;
  const others = count === 1 ? '' : `, and the other ${String(count - 1)} likewise`;
  if (held !== null)
    return held.cause === 'storm'
      ? [command('Let it run', `reefline release ${stage} ${first} --reason "…"`)]
      : resumeSteps(pause?.scope ?? stage);
  if (missing.unsettled !== null && run?.status !== 'RUNNING' && run?.status !== 'FAILURE')
    return [
      command(
        `See why ${labelText({ dataset, timelabel: first })} has not been made again`,
        `reefline why ${stage} ${first}`,
      ),
    ];
  if (run?.status === 'FAILURE') {
    if (run.outcome === 'QUARANTINED' || run.outcome === 'REJECTED')
      return [command('See what the check found and how to decide', `reefline why ${stage} ${first}`)];
    const [cure]: readonly NextStep[] =
      run.error === null
        ? [command('Run it again', again)]
        : [{ kind: 'cure', error: run.error, outcome: run.outcome, stage, timelabel: first }];
    return [
      ...(cure === undefined ? [] : [cure]),
      ...(count === 1 ? [] : [nothing(`Treat the other ${String(count - 1)} likewise.`)]),
    ];
  }
  if (run?.status === 'SKIPPED')
    return [
      command(`Make it after all${others}`, again),
      command('See who skipped it', `reefline why ${stage} ${first}`),
    ];
  if (run?.status === 'RUNNING')
    return [command('Nothing has to be done: it runs. To see it', `reefline why ${stage} ${first}`)];
  if (run?.status === 'SUCCESS')
    return [command('See what was reported', `reefline runs show ${stage} ${first}`)];
  if (due.tick !== null && due.tick > now.getTime())
    return [nothing(`Nothing has to be done: ${stage} ticks at ${minute(due.tick)}.`)];
  if (run === null && (opening?.kind === 'run' || due.schedule !== null))
    return [command(`Run it${others}`, again)];
  return [command('See why', `reefline why ${stage} ${first}`)];
}

function unstartedSteps(facts: StandingFacts): readonly NextStep[] {
  const { stage, stageId, timelabel, opening, due, now, missing } = facts;
  if (stage === null || opening === null) return [command('See the stages in force', 'reefline status')];
  if (opening.kind === 'paused') return pausedSteps(facts);
  const run = command('Run it now', `reefline run ${stageId ?? ''} ${timelabel}`);
  // What was only run on its own counts for a person who asks.
  if (missing.length > 0 && missing.every(({ event }) => event?.propagates === false)) return [run];
  if (missing.length > 0) return missingSteps(facts);
  if (due?.tick != null && due.tick > now.getTime())
    return [nothing(`Nothing has to be done: it runs at ${minute(due.tick)}.`)];
  return [run];
}

function pausedSteps(facts: StandingFacts): readonly NextStep[] {
  const { pauses, opening, stageId, timelabel } = facts;
  const scope = pauses[0]?.scope ?? (opening?.kind === 'paused' ? opening.pause.scope : undefined);
  const run = `reefline run ${stageId ?? ''} ${timelabel}`;
  if (scope === undefined) return [command('The sweep starts it. To run it at once', run)];
  return [...resumeSteps(scope), command('Or run only this label now', run)];
}

function resumeSteps(scope: string): readonly NextStep[] {
  return [
    command('See what resuming would start', `reefline resume ${scope} --dry-run`),
    command(
      'Resume it and run all labels that it holds (latest: only the newest of each stage; skip: none)',
      `reefline resume ${scope} --on-resume drain`,
    ),
  ];
}
