import type { MissingInput } from './completeness.ts';
import type { LabelPair } from './number-events.ts';
import type { StageDefinition } from './stage.ts';

/**
 * A label without which a waiting run cannot be complete, of those that it lacked when it last looked; undefined when
 * there is none that alone decides. Saves looking at all inputs of a run that is known to lack one.
 */
export function necessaryInput(
  stage: StageDefinition,
  missing: readonly MissingInput[],
): LabelPair | undefined {
  if ((stage.when ?? 'all') !== 'all' || stage.deadline?.then === 'partial') return undefined;
  return missing.find(({ dataset, unsettled }) => {
    const input = stage.inputs.find((one) => one.dataset === dataset);
    // Of a window for the newest label, any label will do.
    return (
      input !== undefined && unsettled === undefined && input.window !== 'as_of' && input.window !== 'latest'
    );
  });
}
