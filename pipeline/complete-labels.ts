import { completeness, type Head } from './completeness.ts';
import type { StageDefinition, StageInput } from './stage.ts';
import type { Timelabel } from './timelabel.ts';
import { affectedLabels, inputNeed } from './window.ts';

/**
 * The labels of a stage whose inputs are complete already, oldest first. `present` has the labels of each input's dataset
 * that came out as the input asks for, oldest first. A stage that no input starts has none.
 */
export function completeLabels(
  stage: StageDefinition,
  present: ReadonlyMap<string, readonly Timelabel[]>,
): readonly Timelabel[] {
  const known = new Map([...present].map(([dataset, labels]) => [dataset, new Set(labels)] as const));
  const candidates = new Set(
    stage.inputs.flatMap(({ dataset, window, period }) =>
      (present.get(dataset) ?? []).flatMap((label) =>
        affectedLabels(window, stage.period, period, label).map((affected) => affected.label),
      ),
    ),
  );
  return [...candidates].sort().filter((label) => {
    const states = stage.inputs.map((input) => ({
      dataset: input.dataset,
      heads: headsOf(stage, input, label, present.get(input.dataset) ?? [], known.get(input.dataset)),
    }));
    return completeness(stage, label, states, false).complete;
  });
}

function headsOf(
  stage: StageDefinition,
  input: StageInput,
  label: Timelabel,
  sorted: readonly Timelabel[],
  known: ReadonlySet<Timelabel> | undefined,
): readonly Head[] {
  const need = inputNeed(input.window, stage.period, input.period, label);
  const found =
    need.kind === 'newest'
      ? newestUpTo(sorted, need.atOrBefore)
      : need.labels.filter((wanted) => known?.has(wanted) === true);
  return found.map((timelabel) => ({ timelabel, revision: 1, eventId: '' }));
}

/** The last of the sorted labels that is not after the limit: found by halving, for there may be very many. */
function newestUpTo(sorted: readonly Timelabel[], limit: Timelabel): readonly Timelabel[] {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') <= limit) low = middle + 1;
    else high = middle;
  }
  return sorted.slice(Math.max(0, low - 1), low);
}
