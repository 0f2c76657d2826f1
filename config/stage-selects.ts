import { parseDataset } from '../pipeline/dataset.ts';
import { assertionsOf } from './check-assertions.ts';
import type { Problem } from './problem.ts';
import type { ConnectionDraft } from './read-settings.ts';
import { readProjectFile } from './project-file.ts';
import { readSql, type SqlDialect, type SqlProblem, type SqlTable } from './sql-inputs.ts';
import { dialectOf } from './sql-tables.ts';
import type { StageDraft } from './stage-draft.ts';
import type { FieldPath } from './yaml-file.ts';

/** One SELECT of a stage. */
export interface StageSelect {
  readonly sql: string;
  /** The file that holds it, relative to the project, with forward slashes: a SQL file, or the pipeline file. */
  readonly file: string;
  readonly tables: readonly SqlTable[];
  /** A problem at a place of the text. */
  readonly problemAt: (found: SqlProblem) => Problem;
}

export interface SelectsReading {
  /** Undefined when there are problems. */
  readonly selects: readonly StageSelect[] | undefined;
  readonly problems: readonly Problem[];
}

/**
 * The Redshift Data API takes statements of at most 100 kB, Athena queries of at most 256 KiB, Snowflake statements of at most 1 MB; what Reefline puts around
 * the SELECT needs some of it.
 */
const MAX_SQL_BYTES: Readonly<Record<SqlDialect, number>> = {
  redshift: 90_000,
  athena: 250_000,
  snowflake: 900_000,
};
const TAKERS: Readonly<Record<SqlDialect, string>> = {
  redshift: 'Redshift',
  athena: 'Athena',
  snowflake: 'Snowflake',
};

/** Reads the SELECTs of a stage: the one of a transform, those of a check's assertions in their order, none of others. */
export async function readStageSelects(
  dir: string,
  draft: StageDraft,
  connections: ReadonlyMap<string, ConnectionDraft>,
): Promise<SelectsReading> {
  const { fields } = draft;
  const { kind } = connections.get(parseDataset(draft.output ?? '')?.connection ?? '') ?? {};
  const dialect = dialectOf(kind && { kind });
  if (fields?.kind === 'transform')
    return joined([await readFromFile(dir, draft, dialect, [...draft.path, 'transform'], fields.transform)]);
  if (fields?.kind !== 'check') return { selects: [], problems: [] };
  const readings: SelectsReading[] = [];
  for (const { source, path } of assertionsOf(draft.path, fields)) {
    readings.push(
      'sql' in source
        ? readInline(draft, dialect, path, source.sql)
        : await readFromFile(dir, draft, dialect, path, source.file),
    );
  }
  return joined(readings);
}

function joined(readings: readonly SelectsReading[]): SelectsReading {
  const problems = readings.flatMap((reading) => reading.problems);
  const selects = readings.flatMap((reading) => reading.selects ?? []);
  return { selects: problems.length === 0 ? selects : undefined, problems };
}

async function readFromFile(
  dir: string,
  draft: StageDraft,
  dialect: SqlDialect,
  path: FieldPath,
  name: string,
): Promise<SelectsReading> {
  const read = await readProjectFile(dir, name, 'SQL file');
  const there = (problem: string, cure: string): Problem => draft.yaml.problem(path, problem, cure);
  if ('problem' in read) return { selects: undefined, problems: [there(read.problem, read.cure)] };
  const { file, text } = read;
  const { field } = there('', '');
  return readText(text, dialect, file, there, (found) => ({ ...found, file, field }));
}

function readInline(draft: StageDraft, dialect: SqlDialect, path: FieldPath, sql: string): SelectsReading {
  const there = (problem: string, cure: string): Problem => draft.yaml.problem(path, problem, cure);
  // Where a line of the text stands in the file depends on how YAML folds it, so lines of the text are counted instead.
  const problemAt = ({ line, problem, cure }: SqlProblem): Problem =>
    there(line === 1 ? problem : `${problem} (line ${String(line)} of the SQL)`, cure);
  return readText(sql, dialect, draft.yaml.file, there, problemAt);
}

function readText(
  sql: string,
  dialect: SqlDialect,
  file: string,
  there: (problem: string, cure: string) => Problem,
  problemAt: StageSelect['problemAt'],
): SelectsReading {
  if (Buffer.byteLength(sql) > MAX_SQL_BYTES[dialect]) {
    const problem = `the SQL is larger than ${String(MAX_SQL_BYTES[dialect])} bytes, which ${TAKERS[dialect]} does not take`;
    return { selects: undefined, problems: [there(problem, 'split it into several stages')] };
  }
  const { tables, problems } = readSql(sql, dialect);
  if (problems.length > 0) return { selects: undefined, problems: problems.map(problemAt) };
  return { selects: [{ sql, file, tables, problemAt }], problems: [] };
}
