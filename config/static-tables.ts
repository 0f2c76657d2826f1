import { parseDataset } from '../pipeline/dataset.ts';
import type { StaticTables } from '../pipeline/lineage.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { connectionOf, datasetNames } from './dataset-names.ts';
import { readSql } from './sql-inputs.ts';

/**
 * The tables that the SQL of stages reads beside their inputs. A project that was checked has declared each of them as
 * `static`. The SQL of a stage is read when it is first asked for, and once.
 */
export function staticTables(project: Project): StaticTables {
  const nameOf = datasetNames(project);
  const datasets = new Set(project.stages.map(({ output }) => output));
  for (const { dataset } of project.datasets) datasets.add(dataset);
  const read = (stage: StageDefinition): readonly string[] => {
    const inputs = new Set(stage.inputs.map(({ dataset }) => dataset));
    const tables = sqlOf(stage).flatMap((sql) => readSql(sql, 'redshift').tables);
    const ids = tables
      .filter(({ schema, maybeNested }) => schema !== undefined && !maybeNested)
      .map((table) => nameOf(stage, table));
    // A transform may read what it wrote before.
    return [...new Set(ids)].filter((id) => !inputs.has(id) && id !== stage.output);
  };
  const found = new Map<string, readonly string[]>();
  const of = (stage: StageDefinition): readonly string[] => {
    const known = found.get(stage.id) ?? read(stage);
    found.set(stage.id, known);
    return known;
  };
  return {
    of,
    readers: (dataset) =>
      project.stages.filter((stage) => mayRead(stage, dataset) && of(stage).includes(dataset)),
  };
}

/** The statements of a stage. */
function sqlOf({ work }: StageDefinition): readonly string[] {
  switch (work.kind) {
    case 'transform':
      return [work.sql];
    case 'check':
      return work.assertions.map(({ sql }) => sql);
    case 'extract':
    case 'register':
    case 'load':
    case 'publish':
      return [];
  }
}

/** False for most stages, without reading their SQL: whoever reads a table writes its name. */
function mayRead(stage: StageDefinition, dataset: string): boolean {
  const connection = connectionOf(stage);
  if (!dataset.startsWith(`${connection}.`)) return false;
  const table = (parseDataset(dataset)?.table ?? dataset.slice(dataset.lastIndexOf('.') + 1)).toLowerCase();
  return sqlOf(stage).some((sql) => sql.toLowerCase().includes(table));
}
