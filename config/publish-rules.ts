import { parseDataset } from '../pipeline/dataset.ts';
import type { Problem } from './problem.ts';
import type { ConnectionDraft } from './read-settings.ts';
import type { StageDraft, StageFields } from './stage-draft.ts';

/** Salesforce has no schemas; its REST resource of all objects stands in the middle, so that an object has one name. */
const OBJECTS = 'sobjects';

/** What is wrong with a publish in the light of where it goes. */
export function publishProblems(
  { yaml, path }: StageDraft,
  fields: Extract<StageFields, { kind: 'publish' }>,
  connections: ReadonlyMap<string, ConnectionDraft>,
): readonly Problem[] {
  const name = parseDataset(fields.to);
  const kind = connections.get(name?.connection ?? '')?.kind;
  if (name === undefined || kind === undefined) return [];
  if (kind !== 'salesforce') {
    return (['fields', 'max_failed_rows'] as const)
      .filter((each) => fields[each] !== undefined)
      .map((each) =>
        yaml.problemAtKey(
          [...path, each],
          `${each} is for Salesforce, and ${name.connection} is ${kind}`,
          `remove ${each}`,
        ),
      );
  }
  const problems: Problem[] = [];
  if (name.schema !== OBJECTS)
    problems.push(
      yaml.problem(
        [...path, 'to'],
        'Salesforce has objects and no schemas',
        `write ${name.connection}.${OBJECTS}.${name.table}`,
      ),
    );
  if (fields.key.length > 1)
    problems.push(
      yaml.problem([...path, 'key'], 'a Salesforce object is updated by one external id', 'name one column'),
    );
  return problems;
}
