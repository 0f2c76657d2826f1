import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import type { BackfillOrder } from '../activities/backfill-control.ts';
import { listBackfills, readBackfill, type BackfillRecord } from '../catalog/backfill.ts';
import { suggest } from '../config/nearest.ts';
import { hasEnded } from '../pipeline/backfill-progress.ts';
import type { BackfillRequest } from '../pipeline/backfill-request.ts';
import { backfillId, parseBackfillId, ROUTING_QUEUE } from '../pipeline/ids.ts';
import { backfillSearchAttributes } from '../workflows/search-attributes.ts';
import { InvalidInput } from './invalid-input.ts';

/** Backfills among which the meant one is looked for. */
const LISTED = 200;

/** An id that says what the backfill is about; the end of it makes it unique. */
export function newBackfillName({ target, from, to }: BackfillRequest): string {
  return `${target}-${from.slice(0, 10)}-${to.slice(0, 10)}-${randomBytes(2).toString('hex')}`;
}

/** The backfill of this id, with or without the `backfill/` of its workflow id. @throws InvalidInput when there is none. */
export async function requireBackfill(db: pg.Pool, id: string): Promise<BackfillRecord> {
  const record = await readBackfill(db, parseBackfillId(id) ?? id);
  if (record !== undefined) return record;
  const known = (await listBackfills(db, LISTED)).map((one) => one.id);
  const cure = suggest(id, known, 'see "reefline backfill list"');
  throw new InvalidInput(`There is no backfill "${id}": ${cure}`);
}

function startOptions(id: string, request: BackfillRequest) {
  return {
    workflowId: backfillId(id),
    taskQueue: ROUTING_QUEUE,
    args: [request],
    staticSummary: `backfill of ${request.target}`,
    typedSearchAttributes: backfillSearchAttributes(request.target),
  };
}

/** Starts the workflow of a backfill. From then on nothing depends on this process. */
export async function startBackfill(client: Client, id: string, request: BackfillRequest): Promise<void> {
  await client.workflow.start('backfill', startOptions(id, request));
}

/**
 * Gives an order to a backfill. Its workflow is started when it is not there: a retry revives one that has ended, and
 * any order one whose workflow was terminated, for where it stands is in the catalog.
 */
export async function orderBackfill(
  client: Client,
  { id, request, status }: BackfillRecord,
  order: BackfillOrder,
): Promise<void> {
  if (hasEnded(status) && order !== 'retry')
    throw new InvalidInput(
      `The backfill ${id} has ended (${status}). To run what is left of it: reefline backfill retry ${id}`,
    );
  await client.workflow.signalWithStart('backfill', {
    ...startOptions(id, request),
    signal: order,
    signalArgs: [],
  });
}

/** Milliseconds that a person waits for a worker to take the backfill up. */
const PATIENCE = 10_000;

/**
 * Waits until the backfill is planned and in the catalog. False when no worker took it up in time: nothing is lost, it
 * begins when one runs. @throws the reason when it could not be planned.
 */
export async function untilPlanned(client: Client, db: pg.Pool, id: string): Promise<boolean> {
  const handle = client.workflow.getHandle(backfillId(id));
  const refused = handle.result().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    if ((await readBackfill(db, id)) !== undefined) return true;
    const failed = await Promise.race([refused, pause(200)]);
    if (failed !== undefined) throw failed.error;
  }
  return false;
}
