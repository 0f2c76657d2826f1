import type { StaticTables } from '../pipeline/lineage.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition } from '../pipeline/stage.ts';
import { connectionOf, datasetNames } from './dataset-names.ts';
import { readSql } from './sql-inputs.ts';
import { dialectOf } from './sql-tables.ts';

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
    const dialect = dialectOf(project.connections[connectionOf(stage)]);
    const tables = sqlOf(stage).flatMap((sql) => readSql(sql, dialect).tables);
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
  let mentions: ReadonlyMap<string, readonly StageDefinition[]> | undefined;
  const readers = (dataset: string): readonly StageDefinition[] => {
    mentions ??= stagesByWord(project.stages);
    const [word = ''] = wordsOf(dataset.slice(dataset.lastIndexOf('.') + 1));
    return (mentions.get(word) ?? []).filter((stage) => of(stage).includes(dataset));
  };
  return { of, readers };
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
    case 'custom':
      return [];
  }
}

/** Whoever reads a table writes its name, so that the SQL of most stages need not be read to know that they do not. */
function stagesByWord(stages: readonly StageDefinition[]): ReadonlyMap<string, readonly StageDefinition[]> {
  const found = new Map<string, StageDefinition[]>();
  for (const stage of stages) {
    for (const word of new Set(sqlOf(stage).flatMap(wordsOf))) {
      const known = found.get(word);
      if (known === undefined) found.set(word, [stage]);
      else known.push(stage);
    }
  }
  return found;
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}
