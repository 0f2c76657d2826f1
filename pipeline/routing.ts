import { datasetId, parseDataset } from './dataset.ts';
import type { Period } from './period.ts';
import type { Project } from './project.ts';
import type { EventType, StageDefinition, StageInput } from './stage.ts';
import { isOnGrid, type Timelabel } from './timelabel.ts';
import { affectedLabels } from './window.ts';

/** A dataset as the configuration knows it: who may report it and what one label of it covers. */
export interface KnownDataset {
  readonly dataset: string;
  readonly period: Period;
  readonly type: EventType;
  /** Stage that produces it, or null for a dataset from outside. */
  readonly producer: string | null;
}

export interface Dependent {
  readonly stage: StageDefinition;
  readonly input: StageInput;
}

/** One config version, indexed for routing: look-ups cost the same with ten stages or ten thousand. */
export interface RoutingTable {
  readonly configVersion: number;
  readonly stages: ReadonlyMap<string, StageDefinition>;
  readonly datasets: ReadonlyMap<string, KnownDataset>;
  readonly byAddress: ReadonlyMap<string, readonly KnownDataset[]>;
  readonly dependents: ReadonlyMap<string, readonly Dependent[]>;
  readonly project: Project;
}

export function buildRoutingTable(configVersion: number, project: Project): RoutingTable {
  const datasets = new Map<string, KnownDataset>();
  for (const outside of project.datasets) datasets.set(outside.dataset, { ...outside, producer: null });
  for (const stage of project.stages) {
    datasets.set(stage.output, {
      dataset: stage.output,
      period: stage.period,
      type: eventTypeOf(stage, project),
      producer: stage.id,
    });
  }
  const byAddress = new Map<string, KnownDataset[]>();
  for (const known of datasets.values()) {
    const name = parseDataset(known.dataset);
    if (name !== undefined) append(byAddress, address(known.type, name.schema, name.table), known);
  }
  const dependents = new Map<string, Dependent[]>();
  for (const stage of project.stages)
    for (const input of stage.inputs) append(dependents, input.dataset, { stage, input });
  const stages = new Map(project.stages.map((stage) => [stage.id, stage]));
  return { configVersion, stages, datasets, byAddress, dependents, project };
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function address(type: EventType, schema: string, table: string): string {
  return `${type} ${schema} ${table}`;
}

/** The `type` field of a stage's events: where its output lies. */
export function eventTypeOf(stage: StageDefinition, project: Project): EventType {
  switch (stage.work.kind) {
    case 'extract':
      return 's3';
    case 'register':
      return 'glue';
    case 'publish':
      return 'publish';
    case 'load':
    case 'transform':
    case 'check':
    case 'custom':
      return typeOfOutput(stage, project);
  }
}

function typeOfOutput(stage: StageDefinition, project: Project): EventType {
  const connection = project.connections[parseDataset(stage.output)?.connection ?? ''];
  switch (connection?.kind) {
    case 's3':
    case 'glue':
    case 'redshift':
    case 'athena':
    case 'snowflake':
      return connection.kind;
    case 'postgres':
    case 'mysql':
    case 'salesforce':
    case undefined:
      return 'publish';
  }
}

/** The dataset that an event is about, or the sentence that says why there is none. */
export function findDataset(
  table: RoutingTable,
  event: {
    readonly dataset?: string;
    readonly type: EventType;
    readonly schema: string;
    readonly table: string;
    readonly timelabel: Timelabel;
  },
): { readonly known: KnownDataset } | { readonly field: string; readonly reason: string } {
  const found = event.dataset === undefined ? byAddress(table, event) : byId(table, event.dataset, event);
  if ('reason' in found) return found;
  if (isOnGrid(found.known.period, event.timelabel)) return found;
  return {
    field: 'timelabel',
    reason: `The timelabel ${event.timelabel} is not the start of an interval of ${found.known.dataset}, whose labels cover ${found.known.period} each.`,
  };
}

type Found = { readonly known: KnownDataset } | { readonly field: string; readonly reason: string };

function byAddress(
  table: RoutingTable,
  event: { readonly type: EventType; readonly schema: string; readonly table: string },
): Found {
  const matches = table.byAddress.get(address(event.type, event.schema, event.table)) ?? [];
  const [known, second] = matches;
  const named = `type ${event.type}, schema "${event.schema}" and table "${event.table}"`;
  if (known === undefined) {
    return {
      field: 'table',
      reason: `No dataset has ${named}. Declare it under "datasets" in reefline.yaml, or correct the fields.`,
    };
  }
  if (second !== undefined) {
    const ids = matches.map((match) => match.dataset).join(', ');
    return {
      field: 'dataset',
      reason: `The ${named} are ambiguous: ${ids}. Send the field "dataset" as well.`,
    };
  }
  return { known };
}

function byId(
  table: RoutingTable,
  id: string,
  event: { readonly schema: string; readonly table: string },
): Found {
  const known = table.datasets.get(id);
  if (known === undefined) {
    return {
      field: 'dataset',
      reason: `The dataset "${id}" is unknown. Declare it under "datasets" in reefline.yaml, or correct the field.`,
    };
  }
  const name = parseDataset(id);
  if (name !== undefined && (name.schema !== event.schema || name.table !== event.table)) {
    return {
      field: 'dataset',
      reason: `The dataset "${datasetId(name)}" does not agree with schema "${event.schema}" and table "${event.table}".`,
    };
  }
  return { known };
}

/** One dependent's label that an event may bring nearer to completion. */
export interface Target {
  readonly stage: StageDefinition;
  readonly timelabel: Timelabel;
}

/** A target with the input that leads there. `last`: the upstream label is the newest one of its window. */
export interface RoutedTarget extends Target {
  readonly input: StageInput;
  readonly last: boolean;
}

/** The (stage, label) pairs that an event of this dataset and label is part of. */
export function targetsOf(
  table: RoutingTable,
  dataset: string,
  timelabel: Timelabel,
): readonly RoutedTarget[] {
  const dependents = table.dependents.get(dataset) ?? [];
  return dependents.flatMap(({ stage, input }) =>
    affectedLabels(input.window, stage.period, input.period, timelabel).map(({ label, last }) => ({
      stage,
      input,
      timelabel: label,
      last,
    })),
  );
}
