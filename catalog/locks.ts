import type pg from 'pg';
import type { Target } from '../pipeline/routing.ts';
import { takesNewest } from '../pipeline/window.ts';

/*
 * Advisory locks of whoever decides openings. They are released with the transaction. Free of deadlocks, because each
 * transaction takes them in the order of this file, and those of one kind sorted.
 */

/**
 * Serialises events of the given datasets, and openings that may begin to wait for their first label: such a wait is of
 * a label that the event has nothing to do with, so `lockLabels` would let the two overlook each other. It also keeps the events of a dataset
 * in the order of their numbers in the log, whoever accepts them.
 */
export async function lockNewest(client: pg.PoolClient, datasets: readonly string[]): Promise<void> {
  if (datasets.length === 0) return;
  await client.query({
    name: 'lock-newest',
    text: `select pg_advisory_xact_lock(key) from
             (select distinct hashtextextended(dataset, 3) as key from unnest($1::text[]) dataset order by 1) locks`,
    values: [datasets],
  });
}

/**
 * Serialises everything that concerns the given (dataset, label) pairs, so that of two events that together complete a
 * run the later one sees the earlier.
 */
export async function lockLabels(
  client: pg.PoolClient,
  pairs: readonly { dataset: string; timelabel: string }[],
): Promise<void> {
  await client.query({
    name: 'lock-labels',
    text: `select pg_advisory_xact_lock(key) from
             (select distinct hashtextextended(pair, 0) as key from unnest($1::text[]) pair order by 1) locks`,
    values: [pairs.map((pair) => `${pair.dataset}@${pair.timelabel}`)],
  });
}

/** Takes the locks that opening the targets needs. */
export async function lockTargets(client: pg.PoolClient, targets: readonly Target[]): Promise<void> {
  await lockNewest(client, targets.flatMap(newestInputs));
  await lockLabels(
    client,
    targets.map(({ stage, timelabel }) => ({ dataset: stage.output, timelabel })),
  );
}

/** The datasets of which any label will do for the target, so that it may wait for the first one. */
export function newestInputs({ stage }: Pick<Target, 'stage'>): readonly string[] {
  return stage.inputs.filter(({ window }) => takesNewest(window)).map(({ dataset }) => dataset);
}

/** Serialises openings of stages that limit how many labels events restate, or two routers would count past each other. */
export async function lockLimits(client: pg.PoolClient, targets: readonly Target[]): Promise<void> {
  const limited = targets.filter(({ stage }) => stage.maxRestatedLabels !== undefined);
  if (limited.length === 0) return;
  await client.query({
    name: 'lock-limits',
    text: `select pg_advisory_xact_lock(key) from
             (select distinct hashtextextended(stage, 4) as key from unnest($1::text[]) stage order by 1) locks`,
    values: [limited.map(({ stage }) => stage.id)],
  });
}
