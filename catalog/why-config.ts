import type pg from 'pg';
import { diffProjects, EMPTY_PROJECT } from '../pipeline/config-diff.ts';
import type { ConfigChangeFact } from '../pipeline/explanation-facts.ts';
import type { StageDefinition } from '../pipeline/stage.ts';

/** Versions that are looked at; a stage that was applied more often changed long ago. */
const VERSIONS = 100;

/** The versions from `first` on that changed the definition of a stage, or took it away, the oldest first. */
export async function readConfigChanges(
  client: pg.PoolClient,
  stage: string,
  first: number,
): Promise<readonly ConfigChangeFact[]> {
  const found = await client.query<{
    version: number;
    applied_at: Date;
    applied_by: string;
    definition: StageDefinition | null;
    before: StageDefinition | null;
  }>({
    name: 'why-config-changes',
    text: `select * from (
             select v.version, v.applied_at, v.applied_by, s.definition, lag(s.definition) over (order by v.version) as before
               from (select * from reefline.config_version where version >= $2 order by version desc limit $3) v
               left join reefline.stage s on s.config_version = v.version and s.id = $1) versions
            where before is not null and definition is distinct from before order by version`,
    values: [stage, first, VERSIONS],
  });
  return found.rows.map((row) => ({
    version: row.version,
    appliedAt: row.applied_at,
    appliedBy: row.applied_by,
    fields: row.definition === null || row.before === null ? null : fieldsOf(row.before, row.definition),
  }));
}

function fieldsOf(before: StageDefinition, after: StageDefinition): readonly string[] {
  const diff = diffProjects({ ...EMPTY_PROJECT, stages: [before] }, { ...EMPTY_PROJECT, stages: [after] });
  return diff.stages.changed.flatMap(({ changes }) => changes.map(({ field }) => field));
}

/** Since when each stage is in the configuration in force without interruption. */
export async function readStageSince(
  client: pg.PoolClient,
  configVersion: number,
  stages: readonly string[],
): Promise<ReadonlyMap<string, Date>> {
  if (stages.length === 0) return new Map();
  const found = await client.query<{ id: string; since: Date }>({
    name: 'why-stage-since',
    text: `select n.id, v.applied_at as since
             from unnest($2::text[]) n(id)
            cross join lateral (
              select min(s.config_version) as version from reefline.stage s
               where s.id = n.id and s.config_version > coalesce((
                 select max(c.version) from reefline.config_version c
                  where c.version < $1
                    and not exists (select 1 from reefline.stage o where o.id = n.id and o.config_version = c.version)), 0)) f
             join reefline.config_version v on v.version = f.version`,
    values: [configVersion, [...new Set(stages)]],
  });
  return new Map(found.rows.map(({ id, since }) => [id, since]));
}
