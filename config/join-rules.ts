import { type StageDefinition, type StageInput } from '../pipeline/stage.ts';
import type { Problem } from './problem.ts';
import type { StageDraft, StageFields } from './stage-draft.ts';
import { parseDeadline } from './timeout.ts';

/** Keys that say how a stage waits for its inputs. */
const JOIN_KEYS = ['when', 'deadline', 'on_unsettled', 'on_restatement', 'max_restated_labels'] as const;

/** What a stage does while, and after, it waits for its inputs. */
export type StageJoin = Pick<
  StageDefinition,
  'when' | 'deadline' | 'onUnsettled' | 'onRestatement' | 'maxRestatedLabels'
>;

/** What the author wrote about waiting, as the config store keeps it; absent keys have their defaults. */
export function joinOf(fields: StageFields): StageJoin {
  if (fields.kind === 'extract') return {};
  const { when, on_unsettled: onUnsettled, on_restatement: onRestatement } = fields;
  const deadline = deadlineOf(fields);
  const maxRestatedLabels = fields.max_restated_labels;
  return {
    ...(when === undefined ? {} : { when: typeof when === 'string' ? when : { atLeast: when.at_least } }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(onUnsettled === undefined ? {} : { onUnsettled }),
    ...(onRestatement === undefined ? {} : { onRestatement }),
    ...(maxRestatedLabels === undefined ? {} : { maxRestatedLabels }),
  };
}

function deadlineOf(fields: Exclude<StageFields, { kind: 'extract' }>): StageDefinition['deadline'] {
  const { deadline } = fields;
  if (deadline === undefined) return undefined;
  const { after, then } =
    typeof deadline === 'string' ? { after: deadline, then: 'wait' as const } : deadline;
  const seconds = parseDeadline(after);
  return seconds === undefined ? undefined : { seconds, then };
}

/** What is wrong with the way in which a stage waits for these inputs, which are those that the author wrote. */
export function joinProblems(
  draft: StageDraft,
  fields: StageFields,
  inputs: readonly StageInput[],
): readonly Problem[] {
  const { yaml, path } = draft;
  if (inputs.length === 0) {
    return JOIN_KEYS.filter((key) => key in fields).map((key) =>
      yaml.problemAtKey([...path, key], 'this stage has no inputs to wait for', `remove ${key}`),
    );
  }
  const { when, deadline } = joinOf(fields);
  const problems: Problem[] = [];
  if (typeof when === 'object' && when.atLeast > inputs.length) {
    const problem = `at_least is ${when.atLeast}, but the stage has ${inputs.length === 1 ? 'one input' : `${inputs.length} inputs`}`;
    problems.push(yaml.problem([...path, 'when', 'at_least'], problem, `write ${inputs.length} or less`));
  } else if (when !== undefined && when !== 'all' && inputs.length === 1) {
    const problem = 'the stage has one input, so there is nothing to choose from';
    problems.push(yaml.problemAtKey([...path, 'when'], problem, 'remove when'));
  }
  const [first] = inputs;
  if (deadline?.then === 'partial' && inputs.length === 1 && first !== undefined && needsOneLabel(first)) {
    const problem = `a run takes one label of ${first.dataset}, and without it there is nothing partial`;
    problems.push(yaml.problem([...path, 'deadline', 'then'], problem, 'write wait or fail'));
  }
  return problems;
}

function needsOneLabel({ window }: StageInput): boolean {
  return window === 'same' || window === 'as_of' || window === 'latest';
}
