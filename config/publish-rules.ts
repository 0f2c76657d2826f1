import { parseDataset } from '../pipeline/dataset.ts';
import type { Problem } from './problem.ts';
import type { ConnectionDraft } from './read-settings.ts';
import type { StageDraft, StageFields } from './stage-draft.ts';

/** Salesforce has no schemas; its REST resource of all objects stands in the middle, so that an object has one name. */
const OBJECTS = 'sobjects';

type PublishFields = Extract<StageFields, { kind: 'publish' }>;

const SALESFORCE_ONLY = ['fields', 'max_failed_rows'] as const;
const POSTGRES_ONLY = ['mode', 'deletes', 'max_deleted'] as const;

/** What is wrong with a publish in the light of where it goes. */
export function publishProblems(
  draft: StageDraft,
  fields: PublishFields,
  connections: ReadonlyMap<string, ConnectionDraft>,
): readonly Problem[] {
  const { yaml, path } = draft;
  const name = parseDataset(fields.to);
  const kind = connections.get(name?.connection ?? '')?.kind;
  if (name === undefined || kind === undefined) return [];
  const misplaced = (names: readonly (keyof PublishFields)[], system: string): Problem[] =>
    names
      .filter((each) => fields[each] !== undefined)
      .map((each) =>
        yaml.problemAtKey(
          [...path, each],
          `${each} is for ${system}, and ${name.connection} is ${kind}`,
          `remove ${each}`,
        ),
      );
  if (kind === 'postgres')
    return [...misplaced(SALESFORCE_ONLY, 'Salesforce'), ...deleteProblems(draft, fields)];
  if (kind !== 'salesforce') return [];
  const problems = [...misplaced(POSTGRES_ONLY, 'PostgreSQL')];
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

function deleteProblems({ yaml, path }: StageDraft, fields: PublishFields): readonly Problem[] {
  const { mode, deletes, max_deleted } = fields;
  if (mode === 'replace')
    return deletes === undefined
      ? []
      : [
          yaml.problemAtKey(
            [...path, 'deletes'],
            'mode replace deletes every row that the source does not have',
            'remove deletes, or use mode upsert',
          ),
        ];
  if (max_deleted === undefined || deletes === 'propagate') return [];
  return [
    yaml.problemAtKey(
      [...path, 'max_deleted'],
      'this publish deletes no rows',
      'remove max_deleted, or add deletes: propagate',
    ),
  ];
}
