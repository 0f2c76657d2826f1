import { parseDataset } from '../pipeline/dataset.ts';
import type { Producer } from './known-datasets.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import type { ConnectionDraft } from './read-settings.ts';
import type { SqlTable } from './sql-inputs.ts';
import { overridesOf, type StageDraft } from './stage-draft.ts';
import type { TransformSql } from './transform-sql.ts';

/** What is known about a project when the inputs of a stage are looked for. */
export interface Surroundings {
  readonly connections: ReadonlyMap<string, ConnectionDraft>;
  readonly producers: ReadonlyMap<string, Producer>;
  /** False when some file could not be read: then nobody can say that a dataset is unknown. */
  readonly complete: boolean;
}

export interface FoundInputs {
  readonly datasets: readonly string[];
  readonly problems: readonly Problem[];
  /** False when there may be more inputs than could be found, so that their periods say nothing yet. */
  readonly certain: boolean;
}

type Found = Omit<FoundInputs, 'certain'>;

/** The datasets that a stage waits for, from its fields or from its SQL. */
export function stageInputs(
  draft: StageDraft,
  sql: TransformSql | undefined,
  around: Surroundings,
): FoundInputs {
  const { fields } = draft;
  if (fields?.kind === 'extract') return { datasets: [], problems: [], certain: true };
  if (fields === undefined || (fields.kind === 'transform' && sql === undefined)) {
    return { datasets: [], problems: [], certain: false };
  }
  const statics = fields.kind === 'transform' ? (fields.static ?? []) : [];
  const found =
    fields.kind === 'transform'
      ? sqlInputs(draft, sql?.tables ?? [], sql?.file ?? '', statics, around)
      : namedInput(draft, fields.kind, fields.from, around);
  const certain = found.problems.length === 0 && around.complete;
  // An override may be for an input that was not found because its name is misspelt.
  const overrides = certain ? overrideProblems(draft, found.datasets) : [];
  const unread = staticProblems(draft, sql?.tables ?? [], statics);
  return { datasets: found.datasets, problems: [...found.problems, ...unread, ...overrides], certain };
}

function namedInput(
  draft: StageDraft,
  kind: 'register' | 'load' | 'publish',
  from: string,
  around: Surroundings,
): Found {
  const path = [...draft.path, kind];
  const producer = around.producers.get(from);
  if (producer === undefined) {
    const connection = parseDataset(from)?.connection ?? '';
    // An unknown connection has its own problem.
    if (!around.complete || !around.connections.has(connection)) return { datasets: [from], problems: [] };
    const known = [...around.producers.keys()].filter(
      (dataset) => kind === 'publish' || producedByExtract(around.producers.get(dataset)),
    );
    const otherwise =
      kind === 'publish' ? 'declare it under datasets: in reefline.yaml' : 'add an extract that writes it';
    return {
      datasets: [from],
      problems: [draft.yaml.problem(path, `no stage produces ${from}`, suggest(from, known, otherwise))],
    };
  }
  if (kind === 'publish' || producedByExtract(producer)) return { datasets: [from], problems: [] };
  const who = producer.kind === 'stage' ? `stage ${producer.draft.id}` : 'a service outside';
  const problem = `a ${kind} reads the files of an extract, but ${from} is produced by ${who}`;
  return { datasets: [from], problems: [draft.yaml.problem(path, problem, 'name the output of an extract')] };
}

/** True also for a stage that could not be read, because it may be one. */
function producedByExtract(producer: Producer | undefined): boolean {
  return (
    producer?.kind === 'stage' &&
    (producer.draft.fields === undefined || producer.draft.fields.kind === 'extract')
  );
}

function sqlInputs(
  draft: StageDraft,
  tables: readonly SqlTable[],
  file: string,
  statics: readonly string[],
  around: Surroundings,
): Found {
  const connection = parseDataset(draft.output ?? '')?.connection ?? '';
  const known = [...around.producers.keys()].filter((dataset) => dataset.startsWith(`${connection}.`));
  const byTable = new Map(
    known.map((dataset) => [dataset.slice(connection.length + 1).toLowerCase(), dataset]),
  );
  const ignored = new Set(statics.map((table) => table.toLowerCase()));
  const database = around.connections.get(connection)?.connection;
  const datasets = new Set<string>();
  const problems = new Map<string, Problem>();
  for (const table of tables) {
    const local =
      database?.kind === 'redshift' &&
      table.catalog !== undefined &&
      isDatabase(table.catalog, database.database);
    const written = tableName(local ? { ...table, catalog: undefined } : table);
    const dataset = byTable.get(written.toLowerCase());
    if (ignored.has(written.toLowerCase()) || ignored.has(tableName(table).toLowerCase())) continue;
    if (dataset !== undefined) {
      // A transform may read what it wrote before: that is no input, or it would wait for itself.
      if (dataset !== draft.output) datasets.add(dataset);
    } else if (
      !problems.has(written) &&
      !table.maybeNested &&
      around.complete &&
      around.connections.has(connection)
    ) {
      problems.set(written, unknownTable(draft, file, connection, written, table, byTable));
    }
  }
  return { datasets: [...datasets], problems: [...problems.values()] };
}

function unknownTable(
  draft: StageDraft,
  file: string,
  connection: string,
  written: string,
  table: SqlTable,
  byTable: ReadonlyMap<string, string>,
): Problem {
  const place = { file, line: table.line, column: table.column, field: `stages.${draft.name}.transform` };
  if (table.schema === undefined) {
    const known = [...byTable.keys()].filter((name) => name.endsWith(`.${written.toLowerCase()}`));
    const cure = known.length === 0 ? `write schema.${written}` : `write ${known.join(' or ')}`;
    return {
      ...place,
      problem: `table ${written} has no schema, so what it means would depend on the search path`,
      cure,
    };
  }
  const otherwise =
    table.catalog === undefined
      ? `declare ${connection}.${written} under datasets: in reefline.yaml if a service outside produces it, or add static: [${written}] to the stage if it never changes`
      : `add static: [${written}] to the stage if it never changes`;
  const cure = suggest(written, byTable.keys(), '');
  const near = cure.startsWith('did you mean') ? `${cure} Else ${otherwise}` : otherwise;
  return { ...place, problem: `no stage and no outside dataset produces table ${written}`, cure: near };
}

function staticProblems(
  draft: StageDraft,
  tables: readonly SqlTable[],
  statics: readonly string[],
): readonly Problem[] {
  const read = new Set(
    tables
      .flatMap((table) => [tableName(table), tableName({ ...table, catalog: undefined })])
      .map((name) => name.toLowerCase()),
  );
  return [...statics.entries()]
    .filter(([, table]) => !read.has(table.toLowerCase()))
    .map(([at, table]) =>
      draft.yaml.problem(
        [...draft.path, 'static', at],
        `the SQL does not read ${table}`,
        suggest(table, read, 'remove it; static tables are written schema.table'),
      ),
    );
}

function overrideProblems(draft: StageDraft, datasets: readonly string[]): readonly Problem[] {
  const { fields } = draft;
  if (fields === undefined) return [];
  return Object.keys(overridesOf(fields))
    .filter((dataset) => !datasets.includes(dataset))
    .map((dataset) =>
      draft.yaml.problemAtKey(
        [...draft.path, 'inputs', dataset],
        `${dataset} is no input of this stage`,
        suggest(dataset, datasets, 'remove it'),
      ),
    );
}

/** A reference may stand for any name of a database, so it cannot be told to be another one. */
function isDatabase(written: string, database: string): boolean {
  return database.startsWith('${') || written.toLowerCase() === database.toLowerCase();
}

function tableName(table: Pick<SqlTable, 'catalog' | 'schema' | 'table'>): string {
  return [table.catalog, table.schema, table.table].filter((part) => part !== undefined).join('.');
}
