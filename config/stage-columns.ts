import type { KnownColumns, MadeColumn } from '../pipeline/column-lineage.ts';
import { topologicalOrder } from '../pipeline/graph.ts';
import { distances, type LineageGraph, type StaticTables } from '../pipeline/lineage.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition, TransformWork } from '../pipeline/stage.ts';
import { connectionOf, databaseOf, datasetNames, type NameDataset } from './dataset-names.ts';
import { readSqlColumns, type SqlColumn, type TableColumns } from './sql-columns.ts';
import { dialectOf, sqlName } from './sql-tables.ts';

/**
 * What the definitions of stages tell of columns, together with the columns that runs saw (`seen`, from the catalog;
 * empty when nobody asked it). Each SQL is read when it is first asked for, and once.
 */
export function stageColumns(
  project: Project,
  graph: LineageGraph,
  statics: StaticTables,
  seen: ReadonlyMap<string, readonly string[]>,
): KnownColumns {
  const nameOf = datasetNames(project);
  const made = new Map<string, readonly MadeColumn[]>();
  // Data may go in a circle through an outside system: published there, and extracted from there.
  const open = new Set<string>();
  const of = (dataset: string): readonly string[] | undefined => {
    const columns = seen.get(dataset);
    if (columns !== undefined || open.has(dataset)) return columns;
    open.add(dataset);
    const told = toldColumns(dataset, graph, madeBy, of);
    open.delete(dataset);
    return told;
  };
  const madeBy = (stage: StageDefinition): readonly MadeColumn[] => {
    for (const each of inOrder(stage)) if (!made.has(each.id)) made.set(each.id, readStage(each));
    return made.get(stage.id) ?? [];
  };
  const places = new Map(topologicalOrder(project.stages).ordered.map((stage, at) => [stage.id, at]));
  /** What is not read yet of a stage and the stages before it, inputs first: a long chain must not be recursion. */
  const inOrder = (stage: StageDefinition): readonly StageDefinition[] => {
    const unread = (dataset: string): readonly StageDefinition[] =>
      graph.producersOf(dataset).filter(({ id }) => !made.has(id));
    const before = distances(stage.output, (dataset) =>
      unread(dataset).flatMap(({ inputs }) => inputs.map((input) => input.dataset)),
    );
    const stages = [...before.keys()].flatMap(unread);
    return stages.toSorted((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
  };
  const readStage = (stage: StageDefinition): readonly MadeColumn[] => {
    const { work, output, inputs } = stage;
    switch (work.kind) {
      case 'transform':
        return transformColumns(project, stage, work, nameOf, statics, (dataset) =>
          // What a transform wrote before has the columns that this very SQL is asked for.
          dataset === output ? seen.get(dataset) : of(dataset),
        );
      case 'extract':
      case 'register':
      case 'load':
        return sameColumns(work.from, of(work.from) ?? seen.get(output));
      case 'publish':
        return sameColumns(work.from, of(work.from) ?? seen.get(output), work.fields);
      case 'check':
        return [];
      case 'custom':
        // Only the module knows; a column of the same name is a likely source.
        return [{ kind: 'every', datasets: inputs.map(({ dataset }) => dataset), certain: false }];
    }
  };
  return { madeBy, of };
}

/** The columns of a dataset that no run has reported yet, when its stage tells all of them. */
function toldColumns(
  dataset: string,
  graph: LineageGraph,
  madeBy: KnownColumns['madeBy'],
  of: KnownColumns['of'],
): readonly string[] | undefined {
  const [stage] = graph.producersOf(dataset);
  if (stage === undefined) {
    const reader = graph.outOf(dataset).find(({ via }) => via === 'source');
    return reader === undefined ? undefined : of(reader.stage.output);
  }
  const made = madeBy(stage);
  const names = made.flatMap((each) => (each.kind === 'column' ? [each.name] : []));
  return made.length > 0 && names.length === made.length ? names : undefined;
}

/** Stages that move data keep the columns as they are, under the names that `renamed` gives to some. */
function sameColumns(
  from: string,
  names: readonly string[] | undefined,
  renamed: Readonly<Record<string, string>> = {},
): readonly MadeColumn[] {
  if (names === undefined) return [{ kind: 'every', datasets: [from], certain: true }];
  return names.map((name) => ({
    kind: 'column',
    name: renamed[name] ?? name,
    from: [{ dataset: from, column: name }],
    complete: true,
  }));
}

function transformColumns(
  project: Project,
  stage: StageDefinition,
  work: TransformWork,
  nameOf: NameDataset,
  statics: StaticTables,
  of: KnownColumns['of'],
): readonly MadeColumn[] {
  const inputs = stage.inputs.map(({ dataset }) => dataset);
  const tables = [...inputs, stage.output].flatMap((dataset) => tableColumns(project, stage, dataset, of));
  const columns = readSqlColumns(work.sql, dialectOf(project.connections[connectionOf(stage)]), tables);
  // A field of a nested column looks like a table, and is no dataset.
  const reads = (dataset: string): boolean =>
    dataset === stage.output || inputs.includes(dataset) || statics.of(stage).includes(dataset);
  return columns.map((column, at) => madeColumn(column, at, (table) => nameOf(stage, table), reads));
}

function madeColumn(
  column: SqlColumn,
  at: number,
  nameOf: (table: Parameters<NameDataset>[1]) => string,
  reads: (dataset: string) => boolean,
): MadeColumn {
  switch (column.kind) {
    case 'every': {
      const covered = [...new Set(column.tables.map(nameOf))];
      const datasets = covered.filter(reads);
      return { kind: 'every', datasets, certain: column.certain && datasets.length === covered.length };
    }
    case 'column': {
      const sources = column.from.map((source) => ({ dataset: nameOf(source.table), column: source.column }));
      const from = sources.filter(({ dataset }) => reads(dataset));
      // Parentheses are in no name of a column that anybody would choose.
      const name = column.name ?? `(column ${at + 1})`;
      return { kind: 'column', name, from, complete: column.complete && from.length === sources.length };
    }
  }
}

/** A table under both the names by which the SQL may call it. */
function tableColumns(
  project: Project,
  stage: StageDefinition,
  dataset: string,
  of: KnownColumns['of'],
): readonly TableColumns[] {
  const connection = connectionOf(stage);
  const name = sqlName(dataset, connection, (other) => project.connections[other]);
  const columns = of(dataset);
  if (name === undefined || columns === undefined) return [];
  const { schema, table } = name;
  const database = databaseOf(project, connection);
  const plain = { schema, table, columns };
  return database === undefined ? [plain] : [plain, { ...plain, schema: `${database}.${schema}` }];
}
