import type pg from 'pg';
import { countChanges, diffProjects, EMPTY_PROJECT } from '../pipeline/config-diff.ts';
import type { Project } from '../pipeline/project.ts';

/** One applied configuration, as it was stored. */
export interface ConfigVersion {
  readonly version: number;
  readonly appliedAt: Date;
  readonly appliedBy: string;
  readonly checksum: string;
  readonly note: string | null;
  /** The version that it brought back. */
  readonly rollbackOf: number | null;
  readonly project: Project;
}

/** A line of the history: the version, and how much it changed against the one before. */
export interface HistoryEntry extends Omit<ConfigVersion, 'project'> {
  readonly inForce: boolean;
  readonly changes: { readonly added: number; readonly changed: number; readonly removed: number };
}

interface VersionRow {
  readonly version: number;
  readonly applied_at: Date;
  readonly applied_by: string;
  readonly checksum: string;
  readonly note: string | null;
  readonly rollback_of: number | null;
  readonly project: Project;
}

/** The version in force, or undefined when nothing has been applied yet. */
export async function readVersionInForce(db: pg.Pool | pg.PoolClient): Promise<ConfigVersion | undefined> {
  return (await readNewest(db, 1))[0];
}

/** A version by its number, or undefined when there is none. */
export async function readConfigVersion(
  db: pg.Pool | pg.PoolClient,
  version: number,
): Promise<ConfigVersion | undefined> {
  const found = await db.query<VersionRow>({
    name: 'read-config-version',
    text: `select version, applied_at, applied_by, checksum, note, rollback_of, project
             from reefline.config_version where version = $1`,
    values: [version],
  });
  return found.rows.map(versionOf)[0];
}

/** Projects that are in memory at once while the history is read. */
const PAGE = 50;

/** The newest versions, newest first. */
export async function readHistory(db: pg.Pool, limit: number): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for (;;) {
    const size = Math.min(PAGE, limit - entries.length);
    // One more, to tell what the last one of them changed.
    const versions = await readNewest(db, size + 1, entries.at(-1)?.version ?? null);
    for (const [at, { project, ...version }] of versions.slice(0, size).entries()) {
      const changes = countChanges(diffProjects(versions[at + 1]?.project ?? EMPTY_PROJECT, project));
      entries.push({ ...version, inForce: entries.length === 0, changes });
    }
    if (versions.length <= size || entries.length === limit) return entries;
  }
}

async function readNewest(
  db: pg.Pool | pg.PoolClient,
  limit: number,
  before: number | null = null,
): Promise<readonly ConfigVersion[]> {
  const found = await db.query<VersionRow>({
    name: 'read-config-versions',
    text: `select version, applied_at, applied_by, checksum, note, rollback_of, project
             from reefline.config_version where $2::int is null or version < $2 order by version desc limit $1`,
    values: [limit, before],
  });
  return found.rows.map(versionOf);
}

function versionOf(row: VersionRow): ConfigVersion {
  const { applied_at: appliedAt, applied_by: appliedBy, rollback_of: rollbackOf, ...rest } = row;
  return { ...rest, appliedAt, appliedBy, rollbackOf };
}
