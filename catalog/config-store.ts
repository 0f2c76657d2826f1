import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Project } from '../pipeline/project.ts';
import { buildRoutingTable, type RoutingTable } from '../pipeline/routing.ts';
import { inTransaction } from './connect.ts';

export interface AppliedConfig {
  readonly version: number;
  /** False when the very same configuration was already in force: nothing was written. */
  readonly changed: boolean;
}

/** Stores a checked project as the next immutable version, all of it or nothing. Applies run one after the other. */
export async function storeConfig(
  pool: pg.Pool,
  project: Project,
  appliedBy: string,
): Promise<AppliedConfig> {
  const text = JSON.stringify(project);
  const checksum = createHash('sha256').update(text).digest('hex');
  return inTransaction(pool, async (client) => {
    await client.query('lock table reefline.config_version in share row exclusive mode');
    const current = await client.query<{ version: number; checksum: string }>(
      'select version, checksum from reefline.config_version order by version desc limit 1',
    );
    const [inForce] = current.rows;
    if (inForce?.checksum === checksum) return { version: inForce.version, changed: false };
    const inserted = await client.query<{ version: number }>(
      'insert into reefline.config_version (applied_by, checksum, project) values ($1, $2, $3) returning version',
      [appliedBy, checksum, text],
    );
    const version = inserted.rows[0]?.version ?? 0;
    await client.query('insert into reefline.pipeline select $1, name from unnest($2::text[]) name', [
      version,
      project.pipelines,
    ]);
    await storeStages(client, version, project);
    await storeEndpoints(client, version, project);
    return { version, changed: true };
  });
}

async function storeStages(client: pg.PoolClient, version: number, project: Project): Promise<void> {
  await client.query(
    `insert into reefline.stage (config_version, id, pipeline, kind, output, period, definition)
     select $1, s->>'id', s->>'pipeline', s->'work'->>'kind', s->>'output', s->>'period', s
       from jsonb_array_elements($2::jsonb) s`,
    [version, JSON.stringify(project.stages)],
  );
  await client.query(
    `insert into reefline.dependency (config_version, stage, dataset, window_rule, on_status)
     select $1, s->>'id', i->>'dataset', i->>'window', array(select jsonb_array_elements_text(i->'on'))
       from jsonb_array_elements($2::jsonb) s, jsonb_array_elements(s->'inputs') i`,
    [version, JSON.stringify(project.stages)],
  );
}

/** An endpoint that left the configuration keeps its owed deliveries but is owed nothing new. */
async function storeEndpoints(client: pg.PoolClient, version: number, project: Project): Promise<void> {
  await client.query('update reefline.endpoint set active = false');
  await client.query(
    `insert into reefline.endpoint (name, definition, config_version)
     select e->>'name', e, $1 from jsonb_array_elements($2::jsonb) e
     on conflict (name) do update set definition = excluded.definition, config_version = excluded.config_version, active = true`,
    [version, JSON.stringify(project.endpoints)],
  );
}

/** The config store as routing reads it. Versions are immutable, so each is loaded once per process. */
export class ConfigStore {
  readonly #loaded = new Map<number, Promise<RoutingTable>>();

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
    const known = this.#loaded.get(version);
    if (known !== undefined) return known;
    const loading = load(db, version);
    this.#loaded.set(version, loading);
    loading.catch(() => this.#loaded.delete(version));
    return loading;
  }
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
