import { parseDataset } from '../pipeline/dataset.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { TableName } from './sql-columns.ts';
import { databaseName, sqlName } from './sql-tables.ts';

/** Finds the dataset that a table in a stage's SQL means. */
export type NameDataset = (stage: StageDefinition, table: TableName) => string;

/**
 * Datasets of SQL: the connection of the stage, and schema and table whatever their capital letters. A table that is no
 * dataset of the project gets the id that it would have.
 */
export function datasetNames(project: Project): NameDataset {
  const ids = new Set([
    ...project.datasets.map(({ dataset }) => dataset),
    ...project.stages.flatMap(({ output, inputs }) => [output, ...inputs.map(({ dataset }) => dataset)]),
  ]);
  const spelledIn = new Map<string, ReadonlyMap<string, string>>();
  const spelled = (connection: string): ReadonlyMap<string, string> => {
    const known = spelledIn.get(connection) ?? namesIn(project, connection, ids);
    spelledIn.set(connection, known);
    return known;
  };
  return (stage, { catalog, schema, table }) => {
    const connection = connectionOf(stage);
    const written = catalog === undefined || isOwn(project, connection, catalog) ? undefined : catalog;
    const name = [written, schema, table].filter((part) => part !== undefined).join('.');
    return spelled(connection).get(name.toLowerCase()) ?? `${connection}.${name}`;
  };
}

/** Datasets by the name that the SQL of a connection has for them; its own come last and win. */
function namesIn(
  project: Project,
  connection: string,
  ids: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const found = [...ids].flatMap((id) => {
    const name = sqlName(id, connection, (other) => project.connections[other]);
    return name === undefined ? [] : [[`${name.schema}.${name.table}`.toLowerCase(), id] as const];
  });
  const own = ([, id]: readonly [string, string]): boolean => id.startsWith(`${connection}.`);
  return new Map([...found.filter((entry) => !own(entry)), ...found.filter(own)]);
}

/** The connection whose tables the stage's SQL reads. */
export function connectionOf({ work, output }: StageDefinition): string {
  return parseDataset(work.kind === 'check' ? work.from : output)?.connection ?? '';
}

/** The database that a table of the connection may be written with; undefined when only the environment tells it. */
export function databaseOf(project: Project, connection: string): string | undefined {
  return databaseName(project.connections[connection]);
}

function isOwn(project: Project, connection: string, written: string): boolean {
  const database = databaseOf(project, connection);
  return database === undefined || database.toLowerCase() === written.toLowerCase();
}
