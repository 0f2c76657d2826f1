import type { Connection } from '../pipeline/connection.ts';
import { parseDataset } from '../pipeline/dataset.ts';
import { producedByCheck, type Producer } from './known-datasets.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import type { ConnectionDraft } from './read-settings.ts';
import type { SqlTable } from './sql-inputs.ts';
import type { StageDraft } from './stage-draft.ts';
import { databaseName, sqlName } from './sql-tables.ts';
import type { StageSelect } from './stage-selects.ts';

/** What is known about a project when the inputs of a stage are looked for. */
export interface Surroundings {
  readonly connections: ReadonlyMap<string, ConnectionDraft>;
  readonly producers: ReadonlyMap<string, Producer>;
  /** False when some file could not be read: then nobody can say that a dataset is unknown. */
  readonly complete: boolean;
}

/** The datasets behind the tables that SELECTs read. */
export function tableInputs(
  draft: StageDraft,
  selects: readonly StageSelect[],
  statics: readonly string[],
  around: Surroundings,
): { readonly datasets: readonly string[]; readonly problems: readonly Problem[] } {
  const connection = parseDataset(draft.output ?? '')?.connection ?? '';
  const known = [...around.producers]
    .filter(([, producer]) => !producedByCheck(producer))
    .map(([dataset]) => dataset);
  const byTable = tablesOf(connection, known, around);
  const ignored = new Set(statics.map((table) => table.toLowerCase()));
  const database = around.connections.get(connection)?.connection;
  const own =
    database?.kind === 'redshift' || database?.kind === 'snowflake'
      ? database.database
      : databaseName(database);
  const datasets = new Set<string>();
  const problems = new Map<string, Problem>();
  const tables = selects.flatMap((select) => select.tables.map((table) => [select, table] as const));
  for (const [select, table] of tables) {
    const local = own !== undefined && table.catalog !== undefined && isDatabase(table.catalog, own);
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
      problems.set(written, unknownTable(select, connection, written, table, byTable));
    }
  }
  return { datasets: [...datasets], problems: [...problems.values()] };
}

/** Datasets by the name that SQL has for them, in lower case; those of the connection itself come last and win. */
function tablesOf(
  connection: string,
  known: readonly string[],
  { connections }: Surroundings,
): ReadonlyMap<string, string> {
  const isOwn = (dataset: string): boolean => dataset.startsWith(`${connection}.`);
  const ordered = [...known.filter((dataset) => !isOwn(dataset)), ...known.filter(isOwn)];
  const find = (name: string): Connection | undefined => connections.get(name)?.connection;
  return new Map(
    ordered.flatMap((dataset) => {
      const name = isOwn(dataset) ? parseDataset(dataset) : sqlName(dataset, connection, find);
      return name === undefined ? [] : [[`${name.schema}.${name.table}`.toLowerCase(), dataset] as const];
    }),
  );
}

function unknownTable(
  select: StageSelect,
  connection: string,
  written: string,
  table: SqlTable,
  byTable: ReadonlyMap<string, string>,
): Problem {
  const { line, column } = table;
  const refuse = (problem: string, cure: string): Problem =>
    select.problemAt({ line, column, problem, cure });
  if (table.schema === undefined) {
    const known = [...byTable.keys()].filter((name) => name.endsWith(`.${written.toLowerCase()}`));
    const cure = known.length === 0 ? `write schema.${written}` : `write ${known.join(' or ')}`;
    return refuse(`table ${written} has no schema, so what it means would depend on the search path`, cure);
  }
  const otherwise =
    table.catalog === undefined
      ? `declare ${connection}.${written} under datasets: in reefline.yaml if a service outside produces it, or add static: [${written}] to the stage if it never changes`
      : `add static: [${written}] to the stage if it never changes`;
  const cure = suggest(written, byTable.keys(), '');
  const near = cure.startsWith('did you mean') ? `${cure} Else ${otherwise}` : otherwise;
  return refuse(`no stage and no outside dataset produces table ${written}`, near);
}

/** Tables that are declared as static and that no SELECT reads. */
export function staticProblems(
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

/** A reference may stand for any name of a database, so it cannot be told to be another one. */
function isDatabase(written: string, database: string): boolean {
  return database.startsWith('${') || written.toLowerCase() === database.toLowerCase();
}

function tableName(table: Pick<SqlTable, 'catalog' | 'schema' | 'table'>): string {
  return [table.catalog, table.schema, table.table].filter((part) => part !== undefined).join('.');
}
