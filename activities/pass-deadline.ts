import type pg from 'pg';
import { inDecisionBy } from '../catalog/connect.ts';
import type { ConfigStore } from '../catalog/config-store.ts';
import { openTargets } from '../catalog/ledger.ts';
import { lockTargets } from '../catalog/locks.ts';
import type { OpenedTarget } from '../catalog/opened-target.ts';
import { endRun, lateEvent, latestRun, markLate, type LatestRun } from '../catalog/run-ledger.ts';
import { appendNotes } from '../catalog/run-notes.ts';
import { NO_MARKS } from '../catalog/write-openings.ts';
import { dataEventIn, type DataEvent, type ReeflineEvent } from '../pipeline/data-event.ts';
import type { Opening } from '../pipeline/opening.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import { bareReport, runEvent } from '../pipeline/run-event.ts';
import { describeMissing, stepOf, type RunStep } from '../pipeline/run-plan.ts';
import type { RoutingTable } from '../pipeline/routing.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { stageQueue } from '../pipeline/task-queue.ts';
import { inputsThere, verdictOf } from '../pipeline/verdict.ts';
import { measureLate } from './measurements.ts';
import { NO_METER, type Meter } from './metrics.ts';
import { targetOrEnd } from './outdated-label.ts';
import type { ReportEvents } from './report-events.ts';
import { NO_TRACER, type Tracer } from './tracer.ts';

interface Passed {
  readonly step: RunStep;
  readonly pipeline: string;
  /** Stored with the ledger row that it stands for, so that a repeated call signals the very same one. */
  readonly event: ReeflineEvent | null;
  /** Set when this call decided it. */
  readonly late?: {
    readonly stage: StageDefinition;
    readonly outcome: 'LATE' | 'MISSING';
    readonly event: DataEvent;
  };
}

/**
 * Does what a stage wants when the deadline of a label passes while it waits: report it late and wait on, run with what
 * is there, or give the label up. A run that has become complete meanwhile simply runs.
 */
export async function passDeadline(
  db: pg.Pool,
  configs: ConfigStore,
  report: ReportEvents,
  input: { readonly stage: string; readonly timelabel: string },
  meter: Meter = NO_METER,
  tracer: Tracer = NO_TRACER,
): Promise<RunStep> {
  const from = Date.now();
  const passed = await inDecisionBy(db, configs, async (client, table): Promise<Passed> => {
    const target = await targetOrEnd(client, configs, table, input);
    if ('kind' in target) return { step: target, pipeline: '', event: null };
    const { stage, timelabel } = target;
    await lockTargets(client, [target]);
    const latest = await latestRun(client, stage.id, timelabel);
    // Only a run that waits is asked, so this is a repeated call: the label has been given up.
    if (latest?.outcome === 'MISSING') return givenUp(stage, latest);
    const [opened] = await openTargets(client, [target], {
      configs,
      table,
      request: { trigger: 'event', rerun: null },
      marks: NO_MARKS,
      causes: () => [],
    });
    if (opened === undefined) throw new Error(`No opening was decided for ${stage.id} ${timelabel}.`);
    return passedBy(client, table, opened);
  });
  if (passed.late !== undefined) {
    const { stage, outcome, event } = passed.late;
    measureLate(meter, stage, outcome);
    tracer.record({ kind: 'overdue', event, from, to: Date.now() });
  }
  if (passed.event !== null) await report(passed.pipeline, [passed.event]);
  return passed.step;
}

function givenUp({ pipeline }: StageDefinition, { revision, events }: LatestRun): Passed {
  const event = dataEventIn(events ?? []) ?? null;
  return { step: { kind: 'missing', revision, message: event?.error?.message ?? '' }, pipeline, event };
}

async function passedBy(client: pg.PoolClient, table: RoutingTable, opened: OpenedTarget): Promise<Passed> {
  const { stage, timelabel, opening, state } = opened;
  const { pipeline } = stage;
  const step = stepOf(stage, opening, stageQueue(stage));
  const waits = opening.kind === 'waiting' || (isHolding(opening) && opening.waits);
  if (!waits || stage.deadline === undefined) return { step, pipeline, event: null };
  if (state.latest?.late === true)
    return { step, pipeline, event: await lateEvent(client, stage.id, timelabel) };
  if (opening.deadline !== null && opening.deadline > state.readAt) return { step, pipeline, event: null };
  // What is complete and held back is not given up.
  const gaveUp = stage.deadline.then === 'fail' && opening.kind === 'waiting';
  const message = messageOf(opened, gaveUp);
  const outcome = gaveUp ? 'MISSING' : 'LATE';
  const event = eventOf(table, opened, outcome, message);
  const late = { stage, outcome, event } as const;
  const key = { stage: stage.id, timelabel, revision: opening.revision };
  const note = { ...key, reason: message, actor: null, configVersion: opened.configVersion };
  await appendNotes(client, [{ ...note, decision: gaveUp ? 'missing' : 'late' }]);
  if (!gaveUp) {
    await markLate(client, key, event);
    const reported = { ...opening, revision: opening.revision + 1, deadline: null };
    return { step: stepOf(stage, reported, stageQueue(stage)), pipeline, event, late };
  }
  await endRun(client, key, 'FAILURE', 'MISSING', [event]);
  return { step: { kind: 'missing', revision: opening.revision, message }, pipeline, event, late };
}

function isHolding(opening: Opening): opening is Opening & { readonly kind: 'paused' | 'held' } {
  return opening.kind === 'paused' || opening.kind === 'held';
}

function messageOf({ stage, timelabel, opening }: OpenedTarget, gaveUp: boolean): string {
  if (isHolding(opening))
    return `${stage.id} ${timelabel} has not run by its deadline although it is complete: ${verdictOf(opening).reason}.`;
  if (opening.kind !== 'waiting') return '';
  const named = opening.missing.slice(0, 3).map(describeMissing).join(', ');
  const count = inputsThere(opening);
  const next = gaveUp ? 'It runs when its inputs come after all.' : 'It goes on waiting.';
  return `${stage.id} ${timelabel} was not complete at its deadline: ${count}, missing ${named}. ${next}`;
}

function eventOf(
  table: RoutingTable,
  { stage, timelabel, opening, state, configVersion }: OpenedTarget,
  outcome: Outcome,
  message: string,
): DataEvent {
  const { project } = table;
  const { revision } = opening;
  const missing = opening.kind === 'waiting' ? opening.missing : [];
  return runEvent(
    { stage, project, timelabel, revision, temporalRunId: null, configVersion },
    { ...bareReport(outcome, state.readAt, { class: 'timeout', message, facts: {} }), missing },
  );
}
