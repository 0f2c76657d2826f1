import { expect } from '@jest/globals';
import type { SweepInput, SweepResult } from '../../workflows/sweep.ts';
import { SWEPT_KINDS, type FindingKind } from '../../pipeline/findings.ts';
import { ROUTING_QUEUE, routerId, runId } from '../../pipeline/ids.ts';
import type { Engine } from './engine.ts';
import { OUTSIDE } from './project.ts';

let sweeps = 0;

/** Runs one sweep and returns how many it found of each kind that it found any of. Every finding must have been mended. */
export async function sweep(
  { client }: Engine,
  input: SweepInput = { ageSeconds: 0 },
): Promise<Partial<Record<FindingKind, number>>> {
  sweeps += 1;
  const result = await client.workflow.execute<(input: SweepInput) => Promise<SweepResult>>('sweep', {
    workflowId: `sweep/test-${String(sweeps)}`,
    taskQueue: ROUTING_QUEUE,
    args: [input],
  });
  expect(result.kinds.map(({ kind }) => kind)).toEqual(SWEPT_KINDS);
  expect(result.kinds.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(result.kinds.filter(({ found, mended }) => found !== mended)).toEqual([]);
  return Object.fromEntries(
    result.kinds.filter(({ found }) => found > 0).map(({ kind, found }) => [kind, found]),
  );
}

/**
 * Expects that a sweep finds just this. What it mends begins to work at once, and a message that comes of it may be due
 * before its publisher is awake: with an age of 0 the same sweep counts that, too, when it looks for it last. So it does with
 * `passing`: kinds that what is mended here may show for a moment.
 */
export async function expectFound(
  engine: Engine,
  expected: Partial<Record<FindingKind, number>>,
  passing: readonly FindingKind[] = [],
): Promise<void> {
  const left: readonly string[] = ['stuck-delivery', ...passing];
  const found = Object.entries(await sweep(engine)).filter(([kind]) => !left.includes(kind));
  expect(Object.fromEntries(found)).toEqual(expected);
}

/** The fares of a day, as an outside service reports them. */
export function fares(timelabel: string, extra: object = {}): object {
  const event = {
    event_type: 'data',
    type: 'redshift',
    schema: 'partners',
    table: 'fares',
    dataset: OUTSIDE,
  };
  return { ...event, timelabel, status: 'SUCCESS', ...extra };
}

export async function signal({ client }: Engine, payload: unknown): Promise<void> {
  await client.workflow.signalWithStart('router', {
    workflowId: routerId('p'),
    taskQueue: ROUTING_QUEUE,
    args: [{ pipeline: 'p' }],
    signal: 'dataEvent',
    signalArgs: [payload],
  });
}

/** `r1 SUCCESS` for each revision of a label of `p.<stage>`. */
export async function ledger({ db }: Engine, stage: string, timelabel: string): Promise<string[]> {
  const found = await db.query<{ run: string }>(
    `select 'r' || revision || ' ' || status as run from reefline.stage_run where stage = $1 and timelabel = $2 order by revision`,
    [`p.${stage}`, timelabel],
  );
  return found.rows.map(({ run }) => run);
}

/** Whether every event that a run recorded is in the log, and every message is sent. */
export async function isAllTold({ db }: Engine): Promise<boolean> {
  const open = await db.query(
    `select 1 from reefline.delivery where status = 'owed'
     union all select 1 from reefline.stage_run r where r.events <> '[]'
        and not exists (select 1 from reefline.data_event e where e.event_id = r.events->-1->>'eventId')`,
  );
  return open.rows.length === 0;
}

/** Status of the newest workflow of a label of `p.<stage>`. */
export async function workflowOf({ client }: Engine, stage: string, timelabel: string): Promise<string> {
  return (await client.workflow.getHandle(runId(`p.${stage}`, timelabel)).describe()).status.name;
}

/** A gate that a stage of a test waits at until it is opened. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => undefined;

  constructor() {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }
}
