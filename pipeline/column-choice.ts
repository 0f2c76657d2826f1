import { StageFailure } from './failure.ts';

/** Which columns of a table an extract stages; all when neither is given. */
export interface ColumnChoice {
  readonly columns?: readonly string[];
  readonly exclude?: readonly string[];
}

/**
 * The chosen columns, in the order of the table.
 * @throws StageFailure `not_found` that names a column which the table lacks, also one that is to be left out: it may
 * have been renamed, and would then be staged.
 */
export function chooseColumns<Named extends { readonly name: string }>(
  table: string,
  all: readonly Named[],
  { columns, exclude }: ColumnChoice,
): readonly Named[] {
  const names = all.map(({ name }) => name);
  for (const [field, listed] of Object.entries({ columns, exclude })) {
    const missing = listed?.find((name) => !names.includes(name));
    if (missing !== undefined) {
      throw new StageFailure(
        'not_found',
        `The table ${table} has no column "${missing}", which the stage names under ${field}. ` +
          `Correct the name, which is case-sensitive, or remove it. The columns are ${names.join(', ')}.`,
        { facts: { table, column: missing } },
      );
    }
  }
  return all.filter(({ name }) => (columns?.includes(name) ?? true) && !(exclude?.includes(name) ?? false));
}
