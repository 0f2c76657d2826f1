import type { StageInput } from '../pipeline/stage.ts';
import type { Producer } from './known-datasets.ts';
import type { Problem } from './problem.ts';
import type { StageDraft } from './stage-draft.ts';

/**
 * A load of rows that change must put the new version of a row in the place of the old one: it merges on the key of the
 * extract, one label after the other, because within one batch nothing says which version is the newer one.
 */
export function changedRowsProblems(
  { yaml, path, fields }: StageDraft,
  inputs: readonly StageInput[],
  producers: ReadonlyMap<string, Producer>,
): readonly Problem[] {
  if (fields?.kind !== 'load') return [];
  const producer = producers.get(fields.from);
  const extract = producer?.kind === 'stage' ? producer.draft.fields : undefined;
  if (extract?.kind !== 'extract' || extract.mode !== 'incremental_update') return [];
  const { key } = extract;
  if (key === undefined) return [];
  const wanted = `[${key.join(', ')}]`;
  if (fields.mode !== 'merge') {
    return [
      yaml.problem(
        [...path, 'mode'],
        `the rows of ${fields.from} change, and mode ${fields.mode} does not put a new version in the place of the old one`,
        `use mode merge with key: ${wanted}`,
      ),
    ];
  }
  const problems: Problem[] = [];
  const own = fields.key ?? key;
  if (own.toSorted().join() !== key.toSorted().join())
    problems.push(
      yaml.problem(
        [...path, 'key'],
        `${fields.from} is extracted with the key ${wanted}, and this load merges on another`,
        `write key: ${wanted}`,
      ),
    );
  if (inputs.some(({ dataset, window }) => dataset === fields.from && window !== 'same'))
    problems.push(
      yaml.problem(
        [...path, 'load'],
        `a row of ${fields.from} may be in several labels, which one run of this load would take together`,
        'give the load the period of the extract and the window same, or no every and no window',
      ),
    );
  return problems;
}
