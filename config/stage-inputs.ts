import { parseDataset } from '../pipeline/dataset.ts';
import { producedByCheck, type Producer } from './known-datasets.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { overridesOf, type StageDraft, type StageFields } from './stage-draft.ts';
import type { FieldPath } from './yaml-file.ts';
import type { StageSelect } from './stage-selects.ts';
import { staticProblems, type Surroundings, tableInputs } from './table-inputs.ts';

export interface FoundInputs {
  readonly datasets: readonly string[];
  readonly problems: readonly Problem[];
  /** False when there may be more inputs than could be found, so that their periods say nothing yet. */
  readonly certain: boolean;
}

type Found = Omit<FoundInputs, 'certain'>;

/** The datasets that a stage waits for, from its fields or from its SQL. `selects` is undefined when they have problems. */
export function stageInputs(
  draft: StageDraft,
  selects: readonly StageSelect[] | undefined,
  around: Surroundings,
): FoundInputs {
  const { fields } = draft;
  if (fields?.kind === 'extract') return { datasets: [], problems: [], certain: true };
  if (fields === undefined || selects === undefined) {
    const named = fields?.kind === 'check' ? namedInput(draft, 'check', fields.from, around) : undefined;
    return { datasets: [], problems: [], ...named, certain: false };
  }
  const statics = 'static' in fields ? (fields.static ?? []) : [];
  const found = foundInputs(draft, fields, selects, statics, around);
  const certain = found.problems.length === 0 && around.complete;
  // An override may be for an input that was not found because its name is misspelt.
  const overrides = certain ? overrideProblems(draft, found.datasets) : [];
  const tables = selects.flatMap((select) => select.tables);
  const unread = staticProblems(draft, tables, statics);
  return { datasets: found.datasets, problems: [...found.problems, ...unread, ...overrides], certain };
}

function foundInputs(
  draft: StageDraft,
  fields: Exclude<StageFields, { kind: 'extract' }>,
  selects: readonly StageSelect[],
  statics: readonly string[],
  around: Surroundings,
): Found {
  if (fields.kind === 'transform') return tableInputs(draft, selects, statics, around);
  if (fields.kind === 'custom') return readInputs(draft, fields.reads ?? [], around);
  const named = namedInput(draft, fields.kind, fields.from, around);
  if (fields.kind !== 'check') return named;
  const read = tableInputs(draft, selects, statics, around);
  return {
    datasets: [...new Set([...named.datasets, ...read.datasets])],
    problems: [...named.problems, ...read.problems],
  };
}

function readInputs(draft: StageDraft, reads: readonly string[], around: Surroundings): Found {
  const found = reads.map((dataset, at) => namedInput(draft, 'custom', dataset, around, ['reads', at]));
  const twice = [...reads.entries()].filter(([at, dataset]) => reads.indexOf(dataset) < at);
  return {
    datasets: [...new Set(reads)],
    problems: [
      ...found.flatMap(({ problems }) => problems),
      ...twice.map(([at, dataset]) =>
        draft.yaml.problem(
          [...draft.path, 'reads', at],
          `${dataset} stands twice in this list`,
          'name it once',
        ),
      ),
    ],
  };
}

function namedInput(
  draft: StageDraft,
  kind: 'register' | 'load' | 'publish' | 'check' | 'custom',
  from: string,
  around: Surroundings,
  at: FieldPath = [kind],
): Found {
  const path = [...draft.path, ...at];
  const readsFiles = kind === 'register' || kind === 'load';
  const fits = (candidate: Producer | undefined): boolean =>
    readsFiles ? producesFiles(candidate) : !producedByCheck(candidate);
  const producer = around.producers.get(from);
  if (producer === undefined) {
    const connection = parseDataset(from)?.connection ?? '';
    // An unknown connection has its own problem, except in a list of several datasets.
    const told = kind !== 'custom' && !around.connections.has(connection);
    if (!around.complete || told) return { datasets: [from], problems: [] };
    const known = [...around.producers].filter(([, other]) => fits(other)).map(([dataset]) => dataset);
    const otherwise = readsFiles
      ? 'add an extract that writes it'
      : 'declare it under datasets: in reefline.yaml';
    return {
      datasets: [from],
      problems: [draft.yaml.problem(path, `no stage produces ${from}`, suggest(from, known, otherwise))],
    };
  }
  if (fits(producer)) return { datasets: [from], problems: [] };
  const refuse = (problem: string, cure: string): Found => ({
    datasets: [from],
    problems: [draft.yaml.problem(path, problem, cure)],
  });
  if (producedByCheck(producer))
    return refuse(`${from} is the result of a check, which is no table`, 'name the table that it checks');
  const who = producer.kind === 'stage' ? `stage ${producer.draft.id}` : 'a service outside';
  const problem = `a ${kind} reads the files of an extract, but ${from} is produced by ${who}`;
  return refuse(problem, 'name the output of an extract');
}

/** An extract stages files, and a custom stage may. True also for a stage that could not be read, because it may be one. */
function producesFiles(producer: Producer | undefined): boolean {
  if (producer?.kind !== 'stage') return false;
  const { fields } = producer.draft;
  return fields === undefined || fields.kind === 'extract' || fields.kind === 'custom';
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
