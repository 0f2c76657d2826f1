import type { MissingEvent, MissingFact, ProducerFact, ProducerRun } from './explanation-facts.ts';
import { clause, errorText, labelText, minute, missingLabels } from './explanation-words.ts';

/** Why an input is missing, as a clause: `orders.fetch failed at 2020-03-03T10:12Z: … (unauthorized)`. */
export function missingReason(missing: MissingFact, now: Date): string {
  const { producer } = missing;
  return producer === null ? outsideReason(missing) : producerReason(missing, producer, producer.stage, now);
}

/** Why an input is missing, down to what has to come first. */
export function fullReason(missing: MissingFact, now: Date): string {
  const root = rootCause(missing);
  const reason = missingReason(missing, now);
  if (root === missing) return reason;
  const end = missing.producer?.behind[0] === root ? '' : ' in the end';
  return `${reason}; it waits${end} for ${missingLabels(root)}: ${missingReason(root, now)}`;
}

/** The cause alone, as a clause that names its label. */
export function causeText(missing: MissingFact, now: Date): string {
  const root = rootCause(missing);
  if (root === missing) return missingReason(missing, now);
  const { producer, first } = root;
  return producer === null
    ? `${missingLabels(root)} is missing: ${missingReason(root, now)}`
    : producerReason(root, producer, `${producer.stage} ${first}`, now);
}

/** The missing input at the end of the chain: what has to be mended for the others to come by themselves. */
export function rootCause(missing: MissingFact): MissingFact {
  const [behind] = missing.producer?.behind ?? [];
  return behind === undefined || missing.producer === null || !leadsOn(missing.producer)
    ? missing
    : rootCause(behind);
}

/** True when the stage waits, so that what it waits for is the cause. */
export function leadsOn({ held, run, opening }: Pick<ProducerFact, 'held' | 'run' | 'opening'>): boolean {
  return (
    held === null && run?.status !== 'RUNNING' && run?.status !== 'FAILURE' && opening?.kind === 'waiting'
  );
}

function outsideReason({ dataset, event, on, newest, need }: MissingFact): string {
  if (event !== null) return notCounted(event, on);
  if (newest === null) return `no service outside has ever reported a label of ${dataset}`;
  const last = `the newest label that it reported is ${newest.timelabel} (at ${minute(newest.receivedAt)})`;
  return need === 'label'
    ? `the service outside has not reported it; ${last}`
    : `no such label was reported; ${last}`;
}

function producerReason(missing: MissingFact, known: ProducerFact, stage: string, now: Date): string {
  const { run, held, pause } = known;
  const producer = { ...known, stage };
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
      return `${stage} was skipped at ${ended(run)}: ${errorText(run.error, run.status)}`;
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
    : `${stage} is ready, and the pause of ${pause.scope} holds it since ${since} (${pause.by}: ${clause(pause.reason)})`;
}

function failureReason({ stage, checks }: ProducerFact, run: ProducerRun): string {
  switch (run.outcome) {
    case 'QUARANTINED':
      return `${stage} quarantines ${checks ?? 'it'} since ${ended(run)}`;
    case 'REJECTED':
      return `${clause(run.error?.message ?? 'it was rejected')} (at ${ended(run)})`;
    case 'MISSING':
      return `${stage} gave it up at its deadline, at ${ended(run)}`;
    default:
      return `${stage} failed at ${ended(run)}${checks === null ? '' : ' before it could judge'}: ${errorText(run.error)}`;
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
  return notCounted(event, on);
}

function neverReason(producer: ProducerFact, now: Date): string {
  const { stage, due, since, opening, pause, hasInputs } = producer;
  const closes = due.closes > now.getTime() ? `; its interval closes at ${minute(due.closes)}` : '';
  if (due.schedule === null) {
    if (!hasInputs) return `${stage} never ran; it has no schedule, so somebody has to ask for it${closes}`;
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

/** Why an event that is there does not count. */
function notCounted(event: MissingEvent, on: readonly string[]): string {
  if (!event.propagates) return 'a person ran it on its own (--only), which starts nothing';
  return `it was reported as ${event.outcome} at ${minute(event.receivedAt)}, and only ${on.join(', ')} counts`;
}
