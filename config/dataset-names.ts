import { parseDataset } from '../pipeline/dataset.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import type { TableName } from './sql-columns.ts';

/** Finds the dataset that a table in a stage's SQL means. */
export type NameDataset = (stage: StageDefinition, table: TableName) => string;

/**
 * Datasets of SQL: the connection of the stage, and schema and table whatever their capital letters. A table that is no
 * dataset of the project gets the id that it would have.
 */
export function datasetNames(project: Project): NameDataset {
  const ids = [
    ...project.datasets.map(({ dataset }) => dataset),
    ...project.stages.flatMap(({ output, inputs }) => [output, ...inputs.map(({ dataset }) => dataset)]),
  ];
  const spelled = new Map(ids.map((id) => [id.toLowerCase(), id]));
  return (stage, { catalog, schema, table }) => {
    const connection = connectionOf(stage);
    const written = catalog === undefined || isOwn(project, connection, catalog) ? undefined : catalog;
    const id = [connection, written, schema, table].filter((part) => part !== undefined).join('.');
    return spelled.get(id.toLowerCase()) ?? id;
  };
}

/** The connection whose tables the stage's SQL reads. */
export function connectionOf({ work, output }: StageDefinition): string {
  return parseDataset(work.kind === 'check' ? work.from : output)?.connection ?? '';
}

/** The database that a table of the connection may be written with; undefined when only the environment tells it. */
export function databaseOf(project: Project, connection: string): string | undefined {
  const settings = project.connections[connection];
  return settings?.kind === 'redshift' && !settings.database.startsWith('${') ? settings.database : undefined;
}

function isOwn(project: Project, connection: string, written: string): boolean {
  const database = databaseOf(project, connection);
  return database === undefined || database.toLowerCase() === written.toLowerCase();
}
