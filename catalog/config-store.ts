import { createHash } from 'node:crypto';
import type pg from 'pg';
import { diffProjects, EMPTY_PROJECT, isEmptyDiff } from '../pipeline/config-diff.ts';
import type { WaitingPolicy } from '../pipeline/join-effect.ts';
import type { Project } from '../pipeline/project.ts';
import { buildRoutingTable, type RoutingTable } from '../pipeline/routing.ts';
import { type ConfigVersion, readVersionInForce } from './config-history.ts';
import { writeConfigRows } from './config-rows.ts';
import { betweenDecisions } from './connect.ts';
import { removeLeftBehind } from './left-behind.ts';
import { type SettledJoins, settleJoins } from './waiting-joins.ts';

export interface AppliedConfig {
  readonly version: number;
  /** False when the very same configuration was already in force: nothing was written. */
  readonly changed: boolean;
  /** What became of the joins that waited. */
  readonly joins: SettledJoins;
}

/** The version that whoever applies has seen; 0 is the empty store. */
export interface ExpectedBase {
  readonly version: number;
  readonly checksum?: string | null;
}

export interface StoreOptions {
  /** Refuse when another version is in force, unless that one says the same as the project. */
  readonly expected?: ExpectedBase | undefined;
  /** What joins do that wait under a definition which changes; `re-evaluate` when absent. */
  readonly waiting?: WaitingPolicy | undefined;
  readonly note?: string | undefined;
  /** The version that this one brings back, and the checksum of the files that it came from. */
  readonly rollbackOf?: { readonly version: number; readonly checksum: string } | undefined;
}

/** The version in force is not the one that the change was planned against. Nothing was written. */
export class StalePlan extends Error {
  override readonly name = 'StalePlan';
}

/** Identifies a project as it was read from its files. SHA-256, hexadecimal. */
export function checksumOf(project: Project): string {
  return createHash('sha256').update(JSON.stringify(project)).digest('hex');
}

const NO_JOINS: SettledJoins = { closed: 0, kept: 0, reEvaluated: 0 };

/**
 * Stores a checked project as the next immutable version and settles what waits, holds or pauses under the older one,
 * all of it or nothing. Applies run one after the other. @throws StalePlan when another version than `expected` is in force.
 */
export async function storeConfig(
  pool: pg.Pool,
  project: Project,
  appliedBy: string,
  options: StoreOptions = {},
): Promise<AppliedConfig> {
  return retryingDeadlocks(() =>
    betweenDecisions(pool, async (client) => {
      await client.query('lock table reefline.config_version in share row exclusive mode');
      const inForce = await readVersionInForce(client);
      if (inForce !== undefined && saysTheSame(inForce, project))
        return { version: inForce.version, changed: false, joins: NO_JOINS };
      refuseStale(inForce, options.expected);
      const version = await insertVersion(client, project, appliedBy, options);
      await writeConfigRows(client, version, project);
      const joins = await settleJoins(
        client,
        {
          before: inForce?.project ?? EMPTY_PROJECT,
          after: project,
          policy: options.waiting ?? 're-evaluate',
        },
        inForce?.version ?? 0,
        version,
        appliedBy,
      );
      await removeLeftBehind(client, project, version, appliedBy);
      return { version, changed: true, joins };
    }),
  );
}

/** Settling joins locks rows that others lock, too, in another order; whoever PostgreSQL ends tries again. */
async function retryingDeadlocks<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const deadlock = (error as { code?: unknown }).code === '40P01';
      if (!deadlock || attempt === 5) throw error;
    }
  }
}

/** True when applying the project would change nothing: the same files, or others that mean the same. */
function saysTheSame(inForce: ConfigVersion, project: Project): boolean {
  return inForce.checksum === checksumOf(project) || isEmptyDiff(diffProjects(inForce.project, project));
}

function refuseStale(inForce: ConfigVersion | undefined, expected: ExpectedBase | undefined): void {
  if (expected === undefined) return;
  const version = inForce?.version ?? 0;
  const sameText = expected.checksum === undefined || expected.checksum === (inForce?.checksum ?? null);
  if (version === expected.version && sameText) return;
  const now =
    inForce === undefined
      ? 'The config store is empty'
      : `Config version ${String(version)}, applied by ${inForce.appliedBy} at ${inForce.appliedAt.toISOString()}, is in force`;
  const seen = expected.version === 0 ? 'an empty config store' : `version ${String(expected.version)}`;
  const other = version === expected.version ? ' of another catalog' : '';
  throw new StalePlan(
    `${now}, and this change was planned against ${seen}${other}. Nothing was applied. Run "reefline plan" again and look at what it would change now.`,
  );
}

async function insertVersion(
  client: pg.PoolClient,
  project: Project,
  appliedBy: string,
  { note, rollbackOf }: StoreOptions,
): Promise<number> {
  const inserted = await client.query<{ version: number }>({
    name: 'insert-config-version',
    text: `insert into reefline.config_version (applied_by, checksum, project, note, rollback_of)
           values ($1, $2, $3, $4, $5) returning version`,
    values: [
      appliedBy,
      rollbackOf?.checksum ?? checksumOf(project),
      JSON.stringify(project),
      note ?? null,
      rollbackOf?.version ?? null,
    ],
  });
  const version = inserted.rows[0]?.version;
  if (version === undefined) throw new Error('The catalog gave the config version no number.');
  return version;
}

/** The config store as routing reads it. Versions are immutable, so each is loaded once per process. */
export class ConfigStore {
  readonly #loaded = new Map<number, Promise<RoutingTable>>();
  readonly #keepsOlder = new Map<number, Promise<boolean>>();

  /** The version in force, or throws when nothing has been applied. */
  async current(db: pg.Pool | pg.PoolClient): Promise<RoutingTable> {
    const found = await db.query<{ version: number | null }>({
      name: 'config-current',
      text: 'select max(version) as version from reefline.config_version',
    });
    const version = found.rows[0]?.version ?? null;
    if (version === null) throw new Error('The config store is empty. Run "reefline apply" once.');
    return this.version(db, version);
  }

  async version(db: pg.Pool | pg.PoolClient, version: number): Promise<RoutingTable> {
    return once(this.#loaded, version, () => load(db, version));
  }

  /** True when waiting runs kept an older definition when this version came into force. Runs are pinned at no other time. */
  async keepsOlder(db: pg.Pool | pg.PoolClient, version: number): Promise<boolean> {
    return once(this.#keepsOlder, version, async () => {
      const found = await db.query('select 1 from reefline.stage_run where pinned is not null limit 1');
      return found.rowCount === 1;
    });
  }
}

/** Loads at first use; what failed to load is asked for again. */
function once<T>(known: Map<number, Promise<T>>, version: number, load: () => Promise<T>): Promise<T> {
  const found = known.get(version);
  if (found !== undefined) return found;
  const loading = load();
  known.set(version, loading);
  loading.catch(() => known.delete(version));
  return loading;
}

async function load(db: pg.Pool | pg.PoolClient, version: number): Promise<RoutingTable> {
  const found = await db.query<{ project: Project }>(
    'select project from reefline.config_version where version = $1',
    [version],
  );
  const project = found.rows[0]?.project;
  if (project === undefined) throw new Error(`The config store has no version ${String(version)}.`);
  return buildRoutingTable(version, project);
}
