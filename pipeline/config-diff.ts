import { deadlineText } from './deadline.ts';
import { scheduleId } from './ids.ts';
import { scheduleWords } from './label-due.ts';
import type { Project } from './project.ts';
import { routerCount } from './routers.ts';
import type { StageDefinition, StageInput } from './stage.ts';
import { canonicalText, valueChanges, type FieldChange } from './value-diff.ts';

export interface ItemChange {
  readonly id: string;
  readonly changes: readonly FieldChange[];
}

/** Items of one kind by id: those that come, those that go, and those that stay and differ. */
export interface ItemsDiff {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly ItemChange[];
}

/** What tells one project from another. The order of stages, of inputs and of other named things means nothing. */
export interface ConfigDiff {
  readonly stages: ItemsDiff;
  readonly connections: ItemsDiff;
  readonly endpoints: ItemsDiff;
  readonly datasets: ItemsDiff;
  readonly inbound: ItemsDiff;
  readonly pipelines: ItemsDiff;
  /** Everything else that a project may say. */
  readonly settings: readonly FieldChange[];
  /** Ids of the Temporal Schedules that follow from the stages. */
  readonly schedules: {
    readonly create: readonly string[];
    readonly update: readonly string[];
    readonly remove: readonly string[];
  };
  /** A removed stage and an added one with the same definition: most likely the same stage under a new name. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

export const EMPTY_PROJECT: Required<Omit<Project, 'retention' | 'signals'>> = {
  connections: {},
  endpoints: [],
  datasets: [],
  inbound: [],
  stages: [],
  pipelines: [],
  routers: {},
};

/** Compares two projects. Neither the order of keys nor a field that is undefined makes a difference. */
export function diffProjects(before: Project, after: Project): ConfigDiff {
  const stages = diffItems(byId(before.stages, stageId), byId(after.stages, stageId), stageChanges);
  return {
    stages,
    connections: diffItems(
      new Map(Object.entries(before.connections)),
      new Map(Object.entries(after.connections)),
      (a, b) => valueChanges(a, b),
    ),
    endpoints: diffItems(
      byId(before.endpoints, (e) => e.name),
      byId(after.endpoints, (e) => e.name),
      (a, b) => valueChanges(a, b),
    ),
    datasets: diffItems(
      byId(before.datasets, (d) => d.dataset),
      byId(after.datasets, (d) => d.dataset),
      (a, b) => valueChanges(a, b),
    ),
    inbound: diffItems(
      byId(before.inbound ?? [], (s) => s.name),
      byId(after.inbound ?? [], (s) => s.name),
      (a, b) => valueChanges(a, b),
    ),
    pipelines: diffItems(pipelinesOf(before), pipelinesOf(after), (a, b) => valueChanges(a, b)),
    settings: valueChanges(settingsOf(before), settingsOf(after)),
    schedules: scheduleChanges(before, after),
    renamed: renames(stages, before, after),
  };
}

/** True when the two projects of the diff say the same. */
export function isEmptyDiff(diff: ConfigDiff): boolean {
  const { added, removed, changed } = countChanges(diff);
  return added + removed + changed + diff.pipelines.added.length + diff.pipelines.removed.length === 0;
}

/**
 * How many stages, connections, endpoints, outside datasets, inbound sources and settings were added, changed and removed. Of pipelines,
 * which come and go with their stages, only those that changed.
 */
export function countChanges(diff: ConfigDiff): {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
} {
  const kinds = [diff.stages, diff.connections, diff.endpoints, diff.datasets, diff.inbound];
  const sum = (count: (items: ItemsDiff) => number): number =>
    kinds.reduce((total, items) => total + count(items), 0);
  return {
    added: sum(({ added }) => added.length),
    changed: sum(({ changed }) => changed.length) + diff.pipelines.changed.length + diff.settings.length,
    removed: sum(({ removed }) => removed.length),
  };
}

/** What differs between two definitions of a stage, field by field. */
function stageChanges(before: StageDefinition, after: StageDefinition): readonly FieldChange[] {
  const { inputs: inputsBefore, ...restBefore } = before;
  const { inputs: inputsAfter, ...restAfter } = after;
  return [
    ...valueChanges(inWords(restBefore), inWords(restAfter)),
    ...inputChanges(inputsBefore, inputsAfter),
  ];
}

/** Deadline and schedule as people write and read them. */
function inWords({ deadline, schedule, ...rest }: Omit<StageDefinition, 'inputs'>): object {
  return {
    ...rest,
    ...(deadline === undefined ? {} : { deadline: deadlineText(deadline) }),
    ...(schedule === undefined ? {} : { schedule: scheduleText(schedule) }),
  };
}

/** `10 0 * * * (every day at 00:10 UTC) from 2020-03-01T00:00:00Z` */
function scheduleText({ cron, zone, from, until }: NonNullable<StageDefinition['schedule']>): string {
  const words = scheduleWords(cron, zone);
  return [
    cron,
    ...(words === cron ? [] : [`(${words})`]),
    ...(zone === undefined || words.includes(zone) ? [] : [`on the clock of ${zone}`]),
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(until === undefined ? [] : [`until ${until}`]),
  ].join(' ');
}

/** Inputs that come, go, or are read otherwise. */
export function inputChanges(
  before: readonly StageInput[],
  after: readonly StageInput[],
): readonly FieldChange[] {
  const { added, removed, changed } = diffItems(
    byId(before, (input) => input.dataset),
    byId(after, (input) => input.dataset),
    (a, b) => valueChanges(a, b),
  );
  const said = (inputs: readonly StageInput[], dataset: string): string | null => {
    const input = inputs.find((candidate) => candidate.dataset === dataset);
    return input === undefined ? null : `${input.window} of ${input.period} on ${input.on.join(', ')}`;
  };
  return [
    ...[...removed, ...added].map((dataset) => ({
      field: `input ${dataset}`,
      before: said(before, dataset),
      after: said(after, dataset),
    })),
    ...changed.flatMap(({ id, changes }) =>
      changes.map((change) => ({ ...change, field: `${change.field} of ${id}` })),
    ),
  ];
}

function diffItems<Item>(
  before: ReadonlyMap<string, Item>,
  after: ReadonlyMap<string, Item>,
  compare: (before: Item, after: Item) => readonly FieldChange[],
): ItemsDiff {
  const changed: ItemChange[] = [];
  for (const [id, item] of after) {
    const old = before.get(id);
    const changes = old === undefined ? [] : compare(old, item);
    if (changes.length > 0) changed.push({ id, changes });
  }
  return {
    added: [...after.keys()].filter((id) => !before.has(id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
    changed,
  };
}

function byId<Item>(items: readonly Item[], id: (item: Item) => string): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [id(item), item]));
}

function stageId(stage: StageDefinition): string {
  return stage.id;
}

/** What a pipeline says beside its stages. */
function pipelinesOf(project: Project): ReadonlyMap<string, { readonly routers: number }> {
  return new Map(project.pipelines.map((name) => [name, { routers: routerCount(project, name) }]));
}

/** A project without its parts that are compared one by one. */
function settingsOf(project: Project): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(project).filter(([key]) => !(key in EMPTY_PROJECT)));
}

function scheduleChanges(before: Project, after: Project): ConfigDiff['schedules'] {
  const scheduled = (project: Project): ReadonlyMap<string, unknown> =>
    new Map(
      project.stages.flatMap(({ id, schedule }) =>
        schedule === undefined ? [] : [[scheduleId(id), schedule] as const],
      ),
    );
  const { added, removed, changed } = diffItems(scheduled(before), scheduled(after), (a, b) =>
    valueChanges(a, b),
  );
  return { create: added, update: changed.map(({ id }) => id), remove: removed };
}

function renames(stages: ItemsDiff, before: Project, after: Project): ConfigDiff['renamed'] {
  const definition = ({ id: _id, name: _name, pipeline: _pipeline, ...rest }: StageDefinition): string =>
    canonicalText(rest);
  const removed = new Map(
    before.stages
      .filter(({ id }) => stages.removed.includes(id))
      .map((stage) => [definition(stage), stage.id]),
  );
  return after.stages
    .filter(({ id }) => stages.added.includes(id))
    .flatMap((stage) => {
      const from = removed.get(definition(stage));
      return from === undefined ? [] : [{ from, to: stage.id }];
    });
}
