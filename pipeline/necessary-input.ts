import type { MissingInput } from './completeness.ts';
import type { LabelPair } from './number-events.ts';
import { selectedOutcomes } from './outcome.ts';
import type { StageDefinition, StageInput } from './stage.ts';

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
    if (input === undefined || unsettled !== undefined || waivable(stage, input)) return false;
    // Of a window for the newest label, any label will do.
    return input.window !== 'as_of' && input.window !== 'latest';
  });
}

/** True of a check that is not asked for once its label is late or skipped and the stage takes it as it is. */
function waivable(stage: StageDefinition, { gate }: StageInput): boolean {
  const passed = selectedOutcomes(['SUCCESS']);
  const checked = stage.inputs.find(({ dataset }) => dataset === gate);
  return checked !== undefined && selectedOutcomes(checked.on).some((outcome) => !passed.includes(outcome));
}
