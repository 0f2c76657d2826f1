import type { Assertion, CheckWork } from '../pipeline/stage.ts';
import type { StageFields } from './stage-draft.ts';
import type { FieldPath } from './yaml-file.ts';

/** The fields of a stage of kind `check`. */
export type CheckFields = Extract<StageFields, { kind: 'check' }>;

/** An assertion as written. */
export interface AssertionDraft {
  readonly name: string;
  readonly severity: Assertion['severity'];
  readonly source: { readonly sql: string } | { readonly file: string };
  /** Where the SQL, or the name of its file, stands. */
  readonly path: FieldPath;
}

/** The assertions of a check in their order. `base` is where the check's fields stand. */
export function assertionsOf(base: FieldPath, { assert }: CheckFields): readonly AssertionDraft[] {
  return [...assert.entries()].flatMap(([at, entry]) =>
    Object.entries(entry).map(([name, value]): AssertionDraft => {
      const path = [...base, 'assert', at, name];
      if (typeof value === 'string') return { name, severity: 'error', source: { file: value }, path };
      const { sql, file = '', severity = 'error' } = value;
      return sql === undefined
        ? { name, severity, source: { file }, path: [...path, 'file'] }
        : { name, severity, source: { sql }, path: [...path, 'sql'] };
    }),
  );
}

/** The work of a check whose SQL was read: one SELECT per assertion, in their order. */
export function checkWork(
  fields: CheckFields,
  selects: readonly Pick<Assertion, 'sql' | 'file'>[],
): CheckWork {
  const assertions = assertionsOf([], fields).flatMap(({ name, severity }, at): Assertion[] => {
    const select = selects[at];
    return select === undefined ? [] : [{ name, sql: select.sql, file: select.file, severity }];
  });
  return { kind: 'check', from: fields.from, blocking: fields.blocking === true, assertions };
}
