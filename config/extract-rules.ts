import type { Problem } from './problem.ts';
import type { StageDraft, StageFields } from './stage-draft.ts';

type ExtractFields = Extract<StageFields, { kind: 'extract' }>;

/** What is wrong with the mode of an extract, its cursor, its key, its deletes and its choice of columns. */
export function extractProblems(draft: StageDraft, fields: ExtractFields): readonly Problem[] {
  return [cursorProblems, keyProblems, deleteProblems, columnProblems, parallelProblems].flatMap((find) =>
    find(draft, fields),
  );
}

function cursorProblems({ yaml, path }: StageDraft, { mode, cursor }: ExtractFields): readonly Problem[] {
  if (mode !== 'snapshot' && cursor === undefined) {
    return [
      yaml.problem(
        [...path, 'cursor'],
        `${mode} needs a cursor`,
        'add cursor: with the timestamp or date column that places a row in an interval',
      ),
    ];
  }
  if (mode === 'snapshot' && cursor !== undefined) {
    return [
      yaml.problemAtKey(
        [...path, 'cursor'],
        'a snapshot reads the whole table and has no cursor',
        'remove cursor, or use mode incremental_append',
      ),
    ];
  }
  return [];
}

function keyProblems({ yaml, path }: StageDraft, { mode, key }: ExtractFields): readonly Problem[] {
  if (mode === 'incremental_update' && key === undefined) {
    return [
      yaml.problem(
        [...path, 'key'],
        'incremental_update needs a key',
        'add key: with the columns that identify a row, such as [id]',
      ),
    ];
  }
  if (mode !== 'incremental_update' && key !== undefined) {
    return [
      yaml.problemAtKey(
        [...path, 'key'],
        `mode ${mode} has no key`,
        'remove key, or use mode incremental_update',
      ),
    ];
  }
  return [];
}

function deleteProblems({ yaml, path }: StageDraft, fields: ExtractFields): readonly Problem[] {
  const { mode, detect_deletes: detects, max_deleted: limit } = fields;
  if (detects === true && mode !== 'incremental_update') {
    return [
      yaml.problemAtKey(
        [...path, 'detect_deletes'],
        `mode ${mode} has no key by which deleted rows could be told`,
        'remove detect_deletes, or use mode incremental_update',
      ),
    ];
  }
  if (limit === undefined || detects === true) return [];
  return [
    yaml.problemAtKey(
      [...path, 'max_deleted'],
      'max_deleted bounds what detect_deletes finds, and this extract does not look for it',
      'remove max_deleted, or add detect_deletes: true',
    ),
  ];
}

function columnProblems({ yaml, path }: StageDraft, fields: ExtractFields): readonly Problem[] {
  const { columns, exclude, cursor, key = [] } = fields;
  if (columns !== undefined && exclude !== undefined) {
    return [
      yaml.problemAtKey(
        [...path, 'exclude'],
        'columns says already which columns are staged',
        'remove exclude, or remove columns',
      ),
    ];
  }
  const needed = [...new Set([...(cursor === undefined ? [] : [cursor]), ...key])];
  const left = needed.filter((name) => columns?.includes(name) === false || exclude?.includes(name) === true);
  const field = columns === undefined ? 'exclude' : 'columns';
  return left.map((name) =>
    yaml.problemAtKey(
      [...path, field],
      `${field} leaves out ${name}, which is the ${name === cursor ? 'cursor' : 'key'}`,
      columns === undefined ? `remove ${name} from exclude` : `add ${name} to columns`,
    ),
  );
}

function parallelProblems({ yaml, path }: StageDraft, { mode, parallel }: ExtractFields): readonly Problem[] {
  if (parallel === undefined || mode === 'snapshot') return [];
  return [
    yaml.problemAtKey(
      [...path, 'parallel'],
      `mode ${mode} reads with one connection`,
      'remove parallel, or use mode snapshot',
    ),
  ];
}
