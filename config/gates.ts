import { selectedOutcomes } from '../pipeline/outcome.ts';
import type { StageInput } from '../pipeline/stage.ts';
import { overridesOf, type StageDraft } from './stage-draft.ts';

/** The results of the blocking checks of each dataset, by dataset. */
export type BlockingChecks = ReadonlyMap<string, readonly string[]>;

/** A check that must have passed before a stage takes one of its inputs. */
export interface Gate {
  /** The result of the check: a dataset. */
  readonly check: string;
  /** The input that the check is about. */
  readonly dataset: string;
}

export function blockingChecks(drafts: readonly StageDraft[]): BlockingChecks {
  const checks = new Map<string, readonly string[]>();
  for (const { fields } of drafts) {
    if (fields?.kind !== 'check' || fields.blocking !== true) continue;
    checks.set(fields.from, [...(checks.get(fields.from) ?? []), fields.to]);
  }
  return checks;
}

/**
 * The gates of a stage that takes these datasets. The checks of a dataset do not wait for each other. A stage that
 * also takes failures of a dataset wants to know at once what became of it, so it is not held either. One that also takes
 * labels which are late or skipped is held: for those there is nothing to check, and `completeness` asks no gate for them.
 */
export function gatesOf(draft: StageDraft, datasets: readonly string[], checks: BlockingChecks): Gate[] {
  const { fields } = draft;
  if (fields === undefined) return [];
  const checked = fields.kind === 'check' ? fields.from : undefined;
  return datasets
    .filter((dataset) => dataset !== checked && !takesFailures(overridesOf(fields)[dataset]?.on))
    .flatMap((dataset) => (checks.get(dataset) ?? []).map((check) => ({ check, dataset })));
}

/** The inputs with their gates: a check has the period of what it checks, and is waited for label by label like it. */
export function withGates(inputs: readonly StageInput[], gates: readonly Gate[]): readonly StageInput[] {
  const added = gates.flatMap(({ check, dataset }): StageInput[] => {
    const input = inputs.find((each) => each.dataset === dataset);
    return input === undefined ? [] : [{ ...input, dataset: check, on: ['SUCCESS'], gate: dataset }];
  });
  return [...inputs, ...added];
}

function takesFailures(on: StageInput['on'] = []): boolean {
  const failures = selectedOutcomes(['FAILURE']);
  return selectedOutcomes(on).some((outcome) => failures.includes(outcome));
}
