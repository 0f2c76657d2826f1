import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigStore } from '../../catalog/config-store.ts';
import { readDatasetColumns } from '../../catalog/dataset-columns.ts';
import { suggest } from '../../config/nearest.ts';
import { readProject } from '../../config/project.ts';
import { stageColumns } from '../../config/stage-columns.ts';
import { staticTables } from '../../config/static-tables.ts';
import type { ColumnOf } from '../../pipeline/column-lineage.ts';
import { type Direction, lineageGraph } from '../../pipeline/lineage.ts';
import type { Project } from '../../pipeline/project.ts';
import { countArgument } from '../arguments.ts';
import { columnTraceText } from '../column-trace-text.ts';
import { traceColumn } from '../column-trace.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { InvalidInput } from '../invalid-input.ts';
import { columnsText } from '../lineage-columns.ts';
import { columnsJson, columnTraceJson, lineageJson } from '../lineage-json.ts';
import type { LineageRequest } from '../lineage-request.ts';
import { lineageText } from '../lineage-text.ts';
import { validate } from '../validate.ts';

interface LineageOptions {
  readonly up?: true;
  readonly down?: true;
  readonly depth?: number;
  readonly columns?: true;
  readonly column?: string;
  readonly project?: string;
}

export function addLineageCommand(program: Command, context: CliContext): void {
  const command = program
    .command('lineage')
    .description('what a dataset is made of, up to the sources, and what is made of it')
    .argument('<dataset>', 'connection.schema.table')
    .option('-u, --up', 'only what it is made of')
    .option('-d, --down', 'only what is made of it')
    .option('--depth <n>', 'at most so many stages away', countArgument)
    .option('--columns', 'also which columns each column is computed from')
    .option('--column <name>', 'follow one column of the dataset instead')
    .option('--project <dir>', 'read the files of a project instead of the configuration in force')
    .action(async (dataset: string, options: LineageOptions) => {
      const request = await readRequest(context, dataset, options);
      if (options.column !== undefined) showColumn(context, request, options.column);
      else showDatasets(context, request, options.columns === true);
    });
  withExamples(command, [
    'reefline lineage warehouse.marts.daily_revenue',
    'reefline lineage shop.public.orders --down --depth 3',
    'reefline lineage warehouse.marts.daily_revenue --column revenue --project my-project',
  ]);
}

function showDatasets(context: CliContext, request: LineageRequest, columns: boolean): void {
  const value = { ...lineageJson(request), ...(columns ? { columns: columnsJson(request) } : {}) };
  context.show(value, () => {
    const text = lineageText(context, request);
    return columns ? `${text}\n\n${columnsText(context, request)}` : text;
  });
}

function showColumn(context: CliContext, request: LineageRequest, name: string): void {
  const start = requireColumn(request, name);
  const traces = request.directions.map((direction) => traceColumn(request, direction, start));
  context.show(columnTraceJson(start, traces), () =>
    traces.map((trace) => columnTraceText(context, request.graph, start, trace)).join('\n\n'),
  );
}

async function readRequest(
  context: CliContext,
  dataset: string,
  options: LineageOptions,
): Promise<LineageRequest> {
  const { project, configVersion, seen } = await readConfiguration(context, options.project);
  const statics = staticTables(project);
  const graph = lineageGraph(project, statics);
  const request: LineageRequest = {
    graph,
    columns: stageColumns(project, graph, statics, seen),
    configVersion,
    dataset,
    directions: directionsOf(options),
    depth: options.depth ?? Infinity,
  };
  requireDataset(project, request);
  return request;
}

function directionsOf({ up, down }: LineageOptions): readonly Direction[] {
  if (up === down) return ['up', 'down'];
  return up === true ? ['up'] : ['down'];
}

interface Configuration {
  readonly project: Project;
  readonly configVersion: number | null;
  /** Columns of datasets as runs saw them. */
  readonly seen: ReadonlyMap<string, readonly string[]>;
}

async function readConfiguration(context: CliContext, dir: string | undefined): Promise<Configuration> {
  if (dir === undefined) {
    const db = await context.openCatalog();
    const { project, configVersion } = await new ConfigStore().current(db);
    const columns = [...(await readDatasetColumns(db))];
    const seen = new Map(columns.map(([dataset, list]) => [dataset, list.map(({ name }) => name)]));
    return { project, configVersion, seen };
  }
  const reading = await readProject(resolve(dir));
  if ('project' in reading) return { project: reading.project, configVersion: null, seen: new Map() };
  await validate(resolve(dir), { write: (text: string) => context.say(text.trimEnd()) });
  throw new InvalidInput(
    `The project has problems. Correct them; "reefline validate ${dir}" lists them.`,
    reading,
  );
}

function requireDataset({ stages }: Project, { graph, dataset }: LineageRequest): void {
  if (graph.originOf(dataset) !== undefined) return;
  const stage = stages.find(({ id }) => id === dataset);
  if (stage !== undefined)
    throw new InvalidInput(`${dataset} is a stage: ask for the dataset that it produces, ${stage.output}.`);
  const [, table = '', column = ''] = /^([^.]+\.[^.]+\.[^.]+)\.([^.]+)$/.exec(dataset) ?? [];
  if (graph.originOf(table) !== undefined)
    throw new InvalidInput(`To follow a column write: reefline lineage ${table} --column ${column}`);
  const cure = suggest(dataset, graph.datasets(), 'datasets are written connection.schema.table');
  throw new InvalidInput(`There is no dataset "${dataset}": ${cure}`);
}

/** The column as it is spelled where it is known. @throws InvalidInput when all columns are known and it is none. */
function requireColumn({ graph, columns, dataset }: LineageRequest, name: string): ColumnOf {
  const made = graph.producersOf(dataset).flatMap((stage) => columns.madeBy(stage));
  const named = made.flatMap((each) => (each.kind === 'column' ? [each.name] : []));
  const known = columns.of(dataset);
  const names = [...new Set([...named, ...(known ?? [])])];
  const column = names.find((each) => each.toLowerCase() === name.toLowerCase());
  if (column === undefined && known !== undefined)
    throw new InvalidInput(`${dataset} has no column "${name}": ${suggest(name, names, 'it has none')}`);
  return { dataset, column: column ?? name };
}
