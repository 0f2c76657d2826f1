import { ApplicationFailure } from '@temporalio/common';
import type { DeliveryOutcome } from '../catalog/outbox.ts';
import { FAILURE_CLASSES, StageFailure } from '../pipeline/failure.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { Meter } from './metrics.ts';

/** A batch that was accepted; `since` is the reading of `performance.now()` before. */
export function measureAcceptance(
  meter: Meter,
  router: string,
  received: number,
  { accepted, rejected }: { readonly accepted: number; readonly rejected: number },
  since: number,
): void {
  const labels = { router };
  meter.add('reefline_events_received_total', labels, received);
  meter.add('reefline_events_rejected_total', labels, rejected);
  meter.add('reefline_events_deduplicated_total', labels, received - accepted - rejected);
  meter.observe('reefline_event_route_duration_seconds', labels, (performance.now() - since) / 1000);
}

/** A run that has just been closed; `lasted` in milliseconds, null when it never began. */
export function measureRun(
  meter: Meter,
  stage: StageDefinition,
  outcome: string,
  lasted: number | null,
  output: { readonly rows: number | null; readonly bytes: number | null } | null,
): void {
  const labels = labelsOf(stage);
  meter.add('reefline_runs_total', { ...labels, outcome });
  if (lasted !== null) meter.observe('reefline_run_duration_seconds', labels, Math.max(0, lasted) / 1000);
  meter.add('reefline_run_rows_total', labels, output?.rows ?? 0);
  meter.add('reefline_run_bytes_total', labels, output?.bytes ?? 0);
}

/** An attempt that failed; whatever no connector classified is `unexpected`, as in the event. */
export function measureFailure(meter: Meter, stage: StageDefinition, error: unknown): void {
  const name =
    error instanceof StageFailure
      ? error.failureClass
      : error instanceof ApplicationFailure
        ? error.type
        : undefined;
  const known = FAILURE_CLASSES.find((each) => each === name) ?? 'unexpected';
  meter.add('reefline_attempt_failures_total', { ...labelsOf(stage), class: known });
}

/** A label whose deadline passed without its inputs. */
export function measureLate(meter: Meter, stage: StageDefinition, outcome: 'LATE' | 'MISSING'): void {
  meter.add('reefline_partition_late_total', { ...labelsOf(stage), outcome });
}

/** What became of the messages of one claim, `dead` of which are not tried again. */
export function measureDeliveries(
  meter: Meter,
  endpoint: string,
  outcomes: readonly DeliveryOutcome[],
  dead: number,
): void {
  const failed = outcomes.filter(({ error }) => error !== null).length;
  meter.add('reefline_delivery_attempts_total', { endpoint, result: 'failed' }, failed);
  meter.add('reefline_delivery_attempts_total', { endpoint, result: 'delivered' }, outcomes.length - failed);
  meter.add('reefline_delivery_dlq_total', { endpoint }, dead);
}

/** What one poll of an inbound source brought. */
export function measureInbound(
  meter: Meter,
  source: string,
  counts: { readonly accepted: number; readonly rejected: number; readonly ignored: number },
): void {
  for (const [result, count] of Object.entries(counts))
    meter.add('reefline_inbound_events_total', { source, result }, count);
}

/** What a sweep found of one kind. */
export function measureSweep(
  meter: Meter,
  { kind, found, mended }: { readonly kind: string; readonly found: number; readonly mended: number },
): void {
  meter.add('reefline_sweep_findings_total', { kind, result: 'mended' }, mended);
  meter.add('reefline_sweep_findings_total', { kind, result: 'unmended' }, found - mended);
}

/**
 * Shows as 0 what alerts look at: Prometheus sees no increase in a counter that appears with its first count
 * (Prometheus, "Instrumentation", "Avoid missing metrics").
 */
export function showCounters(meter: Meter, { stages, endpoints, inbound = [] }: Project): void {
  for (const stage of stages) {
    for (const outcome of ['SUCCESS', 'FAILURE', 'QUARANTINED'])
      meter.add('reefline_runs_total', { ...labelsOf(stage), outcome }, 0);
    if (stage.deadline !== undefined) {
      const outcome = stage.deadline.then === 'fail' ? 'MISSING' : 'LATE';
      meter.add('reefline_partition_late_total', { ...labelsOf(stage), outcome }, 0);
    }
  }
  for (const pipeline of new Set(stages.map(({ pipeline: name }) => name)))
    meter.add('reefline_events_rejected_total', { router: pipeline }, 0);
  for (const { name } of endpoints) measureDeliveries(meter, name, [], 0);
  for (const { name } of inbound) measureInbound(meter, name, { accepted: 0, rejected: 0, ignored: 0 });
}

/** The time from the opening of a run by an event to the beginning of its stage. */
export function measureStart(meter: Meter, stage: StageDefinition, seconds: number): void {
  meter.observe('reefline_event_to_start_seconds', labelsOf(stage), seconds);
}

function labelsOf({ pipeline, id }: StageDefinition): { pipeline: string; stage: string } {
  return { pipeline, stage: id };
}
