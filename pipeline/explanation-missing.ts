import type { MissingFact, ProducerFact, ProducerRun } from './explanation-facts.ts';
import { clause, errorText, labelText, minute, missingLabels } from './explanation-words.ts';

/** Why an input is missing, as a clause about its first label: `p.fetch failed at 2020-03-03T10:12Z: … (unauthorized)`. */
export function missingReason(missing: MissingFact, now: Date): string {
  const { producer } = missing;
  if (producer === null) return outsideReason(missing);
  const reason = producerReason(missing, producer, now);
  const [behind] = producer.behind;
  if (behind === undefined || !leadsOn(producer)) return reason;
  return `${reason}, which waits for ${missingLabels(behind)}: ${missingReason(behind, now)}`;
}

/** The missing input at the end of the chain: what has to be mended for the others to come by themselves. */
export function rootCause(missing: MissingFact): MissingFact {
  const [behind] = missing.producer?.behind ?? [];
  return behind === undefined || missing.producer === null || !leadsOn(missing.producer)
    ? missing
    : rootCause(behind);
}

/** True when the stage waits, so that what it waits for is the cause. */
function leadsOn({ held, run, opening }: ProducerFact): boolean {
  return (
    held === null && run?.status !== 'RUNNING' && run?.status !== 'FAILURE' && opening?.kind === 'waiting'
  );
}

function outsideReason({ dataset, event, on, newest, need }: MissingFact): string {
  if (event !== null)
    return `it was reported as ${event.outcome} at ${minute(event.receivedAt)}, and only ${on.join(', ')} counts`;
  if (newest === null) return `no service outside has ever reported a label of ${dataset}`;
  const last = `the newest label that it reported is ${newest.timelabel} (at ${minute(newest.receivedAt)})`;
  return need === 'label'
    ? `the service outside has not reported it; ${last}`
    : `no such label was reported; ${last}`;
}

function producerReason(missing: MissingFact, producer: ProducerFact, now: Date): string {
  const { stage, run, held, pause } = producer;
  if (held !== null) return heldReason(producer);
  if (run === null) return neverReason(producer, now);
  const paused = pause === null ? '' : `; ${pause.scope} is paused by ${pause.by}: ${clause(pause.reason)}`;
  switch (run.status) {
    case 'RUNNING':
      return `${stage} is running since ${minute(run.startedAt ?? run.openedAt)}${attemptText(run)}`;
    case 'WAITING':
      return `${stage} waits itself since ${minute(run.openedAt)}${paused}`;
    case 'FAILURE':
      return failureReason(producer, run);
    case 'SKIPPED':
      return `${stage} was skipped at ${ended(run)}: ${errorText(run.error)}`;
    case 'SUPERSEDED':
      return `${stage} was cancelled at ${ended(run)}, because its inputs changed, and looks again`;
    case 'CLOSED':
      return `${stage} stopped waiting at ${ended(run)}, because a new config version changed it`;
    case 'SUCCESS':
      return madeReason(missing, producer, run);
  }
}

function heldReason({ stage, held, pause }: ProducerFact): string {
  if (held === null) return '';
  const since = minute(held.since);
  if (held.cause === 'storm')
    return `${stage} is held since ${since} by its limit of restated labels, until a person releases it`;
  return pause === null
    ? `${stage} was held by a pause at ${since} and has not started yet`
    : `${stage} is ready and held since ${since}, because ${pause.scope} is paused by ${pause.by}: ${clause(pause.reason)}`;
}

function failureReason({ stage, isCheck }: ProducerFact, run: ProducerRun): string {
  switch (run.outcome) {
    case 'QUARANTINED':
      return `${stage} quarantines it since ${ended(run)}`;
    case 'REJECTED':
      return `it was rejected at ${ended(run)}: ${errorText(run.error)}`;
    case 'MISSING':
      return `${stage} gave it up at its deadline, at ${ended(run)}`;
    default:
      return `${stage} failed at ${ended(run)}${isCheck ? ' before it could judge' : ''}: ${errorText(run.error)}`;
  }
}

function madeReason(
  { unsettled, event, on }: MissingFact,
  { stage, opening }: ProducerFact,
  run: ProducerRun,
): string {
  if (unsettled !== null) {
    const behind = `${stage} has still to take up the newer ${labelText(unsettled)}`;
    return opening?.kind === 'paused'
      ? `${behind}, and ${opening.pause.scope} is paused by ${opening.pause.by}`
      : behind;
  }
  if (event === null)
    return `${stage} made it at ${ended(run)}, and its event has not reached the router yet`;
  return `it was reported as ${event.outcome} at ${minute(event.receivedAt)}, and only ${on.join(', ')} counts`;
}

function neverReason({ stage, due, since, opening, pause }: ProducerFact, now: Date): string {
  const closes = due.closes > now.getTime() ? `; its interval closes at ${minute(due.closes)}` : '';
  if (due.schedule === null) {
    if (opening?.kind !== 'run') return `${stage} never ran${closes}`;
    return `${stage} never ran, although its inputs are there${since === null ? '' : ` (it is in the configuration since ${minute(since)})`}`;
  }
  if (due.tick === null) return `${stage} never ran, and its schedule (${due.schedule}) has no tick for it`;
  const paused = pause === null ? '' : `, and ${pause.scope} is paused by ${pause.by}`;
  const tick = `the tick of ${minute(due.tick)}`;
  if (due.tick > now.getTime())
    return `${stage} never ran: its schedule ticks ${due.schedule}, and ${tick} has not come yet`;
  if (since !== null && since.getTime() > due.tick)
    return `${stage} never ran: ${tick} came before the stage was applied at ${minute(since)}`;
  return `${stage} never ran, although ${tick} of its schedule has passed${paused}`;
}

function ended(run: ProducerRun): string {
  return minute(run.closedAt ?? run.openedAt);
}

function attemptText({ startedAt, attempt }: ProducerRun): string {
  if (startedAt === null) return ' (no worker has begun it yet)';
  return attempt > 1 ? ` (attempt ${String(attempt)})` : '';
}
