import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { readVersionInForce } from '../catalog/config-history.ts';
import { checksumOf } from '../catalog/config-store.ts';
import { readLeftBehind, type LeftBehind } from '../catalog/left-behind.ts';
import { readRunning, type RunningRuns } from '../catalog/plan-facts.ts';
import { readAffectedJoins, type AffectedJoin } from '../catalog/waiting-joins.ts';
import { type ConfigDiff, diffProjects, EMPTY_PROJECT, isEmptyDiff } from '../pipeline/config-diff.ts';
import type { JoinEffect, WaitingPolicy } from '../pipeline/join-effect.ts';
import type { Project } from '../pipeline/project.ts';
import type { Timelabel } from '../pipeline/timelabel.ts';
import { suggestBackfills, type SuggestedBackfill } from './plan-backfills.ts';
import { planTemporal, type TemporalPlan } from './plan-temporal.ts';

/** Waiting joins of one stage that share a fate. */
export interface PlannedJoins {
  readonly stage: string;
  readonly effect: JoinEffect;
  readonly count: number;
  /** The first of their labels. */
  readonly labels: readonly Timelabel[];
}

/** What putting a project in force would do, and against which version that was found out. JSON. */
export interface Plan {
  /** Version 0 is the empty config store. */
  readonly base: { readonly version: number; readonly checksum: string | null };
  /** Checksum of the project. */
  readonly project: string;
  readonly waiting: WaitingPolicy;
  /** False when the project says what is in force. */
  readonly changed: boolean;
  readonly changes: ConfigDiff;
  readonly joins: readonly PlannedJoins[];
  readonly running: readonly RunningRuns[];
  readonly leftBehind: LeftBehind;
  readonly backfills: readonly SuggestedBackfill[];
  /** What Temporal lacks or has too much; null when it was not reachable. */
  readonly temporal: TemporalPlan | null;
}

/** Labels that are named one by one; the count is always exact. */
const NAMED_LABELS = 5;

/** Compares a project with the version in force and finds out what applying it would do. Changes nothing. */
export async function makePlan(
  db: pg.Pool,
  client: Client | null,
  project: Project,
  waiting: WaitingPolicy,
  checksum: string = checksumOf(project),
): Promise<Plan> {
  const inForce = await readVersionInForce(db);
  const before = inForce?.project ?? EMPTY_PROJECT;
  const changes = diffProjects(before, project);
  const touched = [...changes.stages.removed, ...changes.stages.changed.map(({ id }) => id)];
  const affected = await readAffectedJoins(db, { before, after: project, policy: waiting }, 'look');
  return {
    base: { version: inForce?.version ?? 0, checksum: inForce?.checksum ?? null },
    project: checksum,
    waiting,
    changed: inForce?.checksum !== checksum && !isEmptyDiff(changes),
    changes,
    joins: groupJoins(affected),
    running: await readRunning(db, touched),
    leftBehind: await readLeftBehind(db, project),
    backfills: await suggestBackfills(db, project, changes),
    temporal: client === null ? null : await planTemporal(client, project, changes),
  };
}

/** True when something ends for good: a stage goes, or joins that wait are closed. */
export function isDestructive({ changes, joins }: Plan): boolean {
  return changes.stages.removed.length > 0 || joins.some(({ effect }) => effect === 'closed');
}

function groupJoins(affected: readonly AffectedJoin[]): readonly PlannedJoins[] {
  const groups = Map.groupBy(affected, ({ stage, effect }) => `${stage} ${effect}`);
  return [...groups.values()].flatMap((joins) => {
    const [first] = joins;
    if (first === undefined) return [];
    const labels = joins.slice(0, NAMED_LABELS).map(({ timelabel }) => timelabel);
    return [{ stage: first.stage, effect: first.effect, count: joins.length, labels }];
  });
}
