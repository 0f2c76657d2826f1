import { parseDataset } from '../pipeline/dataset.ts';
import type { CheckFields } from './check-assertions.ts';
import type { Problem } from './problem.ts';
import { overridesOf, type StageDraft } from './stage-draft.ts';

/** What is wrong with a check by itself. */
export function checkProblems(draft: StageDraft, fields: CheckFields): readonly Problem[] {
  return [
    ...longName(draft, fields),
    ...repeatedAssertions(draft, fields),
    ...(fields.blocking === true ? blockingProblems(draft, fields) : []),
  ];
}

function longName({ yaml, path }: StageDraft, { to }: CheckFields): readonly Problem[] {
  if (parseDataset(to) !== undefined) return [];
  const problem = `the result of this check would be the dataset ${to}, and a name that long is none`;
  return [yaml.problemAtKey(path, problem, 'shorten the name of the stage')];
}

/** Results and events name assertions, so a check cannot have two of one name. */
function repeatedAssertions(draft: StageDraft, fields: CheckFields): readonly Problem[] {
  const seen = new Set<string>();
  return [...fields.assert.entries()].flatMap(([at, entry]) =>
    Object.keys(entry).flatMap((name) => {
      if (!seen.has(name)) {
        seen.add(name);
        return [];
      }
      const problem = `this check already has an assertion ${name}`;
      return [draft.yaml.problemAtKey([...draft.path, 'assert', at, name], problem, 'rename one of them')];
    }),
  );
}

/** A label that a blocking check never looked at, or passed without its data, would hold nothing back. */
function blockingProblems(draft: StageDraft, fields: CheckFields): readonly Problem[] {
  const { yaml, path } = draft;
  const { from, when, deadline } = fields;
  const problems: Problem[] = [];
  if (overridesOf(fields)[from] !== undefined) {
    const problem = `a blocking check looks at every label of ${from} that is there, so nothing can be changed about this input`;
    const cure = 'remove it, or write blocking: false';
    problems.push(yaml.problemAtKey([...path, 'inputs', from], problem, cure));
  }
  if (when !== undefined && when !== 'all') {
    const problem = 'a blocking check needs all of its inputs, or it would pass what it has not seen';
    problems.push(yaml.problemAtKey([...path, 'when'], problem, 'remove when, or write blocking: false'));
  }
  if (typeof deadline === 'object' && deadline.then === 'partial') {
    const problem =
      'a blocking check cannot run with a part of its inputs, or it would pass what it has not seen';
    problems.push(yaml.problem([...path, 'deadline', 'then'], problem, 'write wait or fail'));
  }
  return problems;
}
