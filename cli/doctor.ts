import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { lookFor } from '../activities/look-for.ts';
import { mendFinding } from '../activities/mend-finding.ts';
import { signalRouters } from '../activities/signal-routers.ts';
import { mendAll, type Mending } from '../activities/sweep.ts';
import type { SweepTools } from '../activities/sweep-tools.ts';
import { ConfigStore } from '../catalog/config-store.ts';
import { readSweepMark } from '../catalog/sweep-marks.ts';
import { SWEPT_KINDS, type Finding, type SweptFindingKind } from '../pipeline/findings.ts';
import { runControl } from '../workers/run-control.ts';
import { routerSignal } from '../workers/signal-router.ts';
import { checkTemporal, stagesWithoutSchedule, type Check } from './doctor-checks.ts';
import { reconcileSchedules } from './schedules.ts';

export interface Patient {
  readonly db: pg.Pool;
  readonly client: Client;
  /** Seconds that something must have been left undone. */
  readonly age: number;
}

export interface Diagnosis {
  readonly checks: readonly Check[];
  readonly findings: readonly Finding[];
}

/** Everything that is not as it should be. Changes nothing. */
export async function examine(patient: Patient): Promise<Diagnosis> {
  const tools = toolsOf(patient);
  const { project } = await tools.configs.current(patient.db);
  const checks = await checkTemporal(patient.client, project, Date.now());
  const missing = await stagesWithoutSchedule(patient.client, project);
  const findings: Finding[] = missing.map((stage) => ({ kind: 'missing-schedule', stage }));
  for (const kind of SWEPT_KINDS)
    for await (const found of rounds(kind, tools, patient.age)) findings.push(...found);
  return { checks, findings };
}

export interface Repair {
  /** How things stand afterwards. */
  readonly checks: readonly Check[];
  /** What was put in order in Temporal, in sentences without a subject. */
  readonly done: readonly string[];
  readonly mendings: readonly Mending[];
}

/**
 * Mends everything now, with the functions of the sweep and without a worker. What Temporal must have comes first, for
 * no run could start without it. Also a Temporal cluster that has lost everything goes on from the catalog.
 */
export async function repair(patient: Patient): Promise<Repair> {
  const tools = toolsOf(patient);
  const { db, client } = patient;
  const { project } = await tools.configs.current(db);
  const done: string[] = [];
  for (const { mend } of await checkTemporal(client, project, Date.now()))
    if (mend !== undefined) done.push(await mend());
  const mendings = [...(await createSchedules(patient, tools))];
  for (const kind of SWEPT_KINDS)
    for await (const found of rounds(kind, tools, patient.age))
      mendings.push(...(await mendAll(tools, found)));
  return { checks: await checkTemporal(client, project, Date.now()), done, mendings };
}

async function createSchedules({ db, client }: Patient, tools: SweepTools): Promise<readonly Mending[]> {
  const { project } = await tools.configs.current(db);
  const missing = await stagesWithoutSchedule(client, project);
  const findings = missing.map((stage) => ({ kind: 'missing-schedule' as const, stage }));
  let reconciling: Promise<unknown> | undefined;
  return mendAll(tools, findings, async (finding) => {
    if (finding.kind !== 'missing-schedule') return mendFinding(tools, finding);
    reconciling ??= reconcileSchedules(client, project.stages);
    await reconciling;
  });
}

/** All findings of a kind, some at a time: a look is bounded, and the next one goes on from there. */
async function* rounds(
  kind: SweptFindingKind,
  tools: SweepTools,
  age: number,
): AsyncGenerator<readonly Finding[]> {
  // What the sweep has seen reported needs no second look; all other rounds begin at the beginning.
  const mark = kind === 'unreported-event' ? await readSweepMark(tools.db, kind) : undefined;
  let from = mark === '' ? undefined : mark;
  for (;;) {
    const look = await lookFor(kind, tools, { age, from });
    yield look.findings;
    if (look.next === null) return;
    from = look.next;
  }
}

function toolsOf({ db, client }: Patient): SweepTools {
  const configs = new ConfigStore();
  const signal = routerSignal(client);
  return {
    db,
    configs,
    control: runControl(client),
    report: async (pipeline, events) =>
      signalRouters((await configs.current(db)).project, signal, pipeline, events),
    beat: () => undefined,
  };
}
