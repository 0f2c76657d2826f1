import type { ConnectionKind } from '../pipeline/connection.ts';
import { parseDataset } from '../pipeline/dataset.ts';
import type { OutsideDataset } from '../pipeline/outside-dataset.ts';
import type { Problem } from './problem.ts';
import type { SettingsDraft } from './read-settings.ts';
import type { StageDraft } from './stage-draft.ts';

/** Who produces a dataset. */
export type Producer =
  | { readonly kind: 'stage'; readonly draft: StageDraft }
  /** `outside` is undefined when its declaration has problems. */
  | { readonly kind: 'outside'; readonly outside: OutsideDataset | undefined };

/** A check reports about a table and writes none. False for a stage that could not be read. */
export function producedByCheck(producer: Producer | undefined): boolean {
  return producer?.kind === 'stage' && producer.draft.fields?.kind === 'check';
}

export interface KnownDatasets {
  readonly producers: ReadonlyMap<string, Producer>;
  readonly problems: readonly Problem[];
}

/** Every dataset with its one producer; a second producer is a problem. */
export function knownDatasets(settings: SettingsDraft, stages: readonly StageDraft[]): KnownDatasets {
  const producers = new Map<string, Producer>();
  const outside = new Map(settings.datasets.map((each) => [each.dataset, each]));
  for (const dataset of settings.datasetNames)
    producers.set(dataset, { kind: 'outside', outside: outside.get(dataset) });
  const spellings = new Map([...producers.keys()].map((dataset) => [identity(dataset, settings), dataset]));
  const problems: Problem[] = [];
  for (const draft of stages) {
    if (draft.output === undefined) continue;
    const first = producers.get(spellings.get(identity(draft.output, settings)) ?? '');
    if (first === undefined) {
      producers.set(draft.output, { kind: 'stage', draft });
      spellings.set(identity(draft.output, settings), draft.output);
      continue;
    }
    const other =
      first.kind === 'stage'
        ? `stage ${first.draft.id} (${first.draft.yaml.file})`
        : 'a service outside (datasets: in reefline.yaml)';
    const problem = `${draft.output} is already produced by ${other}`;
    problems.push(
      draft.fields?.kind === 'check'
        ? draft.yaml.problemAtKey(draft.path, problem, 'give this check another name')
        : draft.yaml.problem(
            [...draft.path, 'to'],
            problem,
            'let this stage write another table, or remove one of the two',
          ),
    );
  }
  return { producers, problems };
}

/** Kinds of connections that do not tell capital letters from small ones: their names are one when they differ in that only. */
const FOLDING: readonly (ConnectionKind | undefined)[] = ['redshift', 'glue', 'athena', 'snowflake'];

function identity(dataset: string, settings: SettingsDraft): string {
  const kind = settings.connections.get(parseDataset(dataset)?.connection ?? '')?.kind;
  return FOLDING.includes(kind) ? dataset.toLowerCase() : dataset;
}
