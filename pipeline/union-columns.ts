import type { Column, ColumnType } from './column.ts';
import { typeChange } from './type-change.ts';

/** A column whose values in two batches no single type can hold. */
export interface TypeConflict {
  readonly column: string;
  /** Places in the list of batches. */
  readonly first: number;
  readonly other: number;
  readonly before: ColumnType;
  readonly after: ColumnType;
}

/**
 * The columns of all batches together, in the order in which they first appear: of the widest of their types, and nullable when
 * one of the batches lacks them. Or the first column that no type fits.
 */
export function unionColumns(batches: readonly (readonly Column[])[]): readonly Column[] | TypeConflict {
  const union = new Map<string, Column & { readonly from: number }>();
  for (const [at, columns] of batches.entries()) {
    for (const column of columns) {
      const known = union.get(column.name);
      if (known === undefined) {
        union.set(column.name, { ...column, from: at });
        continue;
      }
      const change = typeChange(known.type, column.type);
      if (change === 'incompatible')
        return {
          ...{ column: column.name, first: known.from, other: at },
          ...{ before: known.type, after: column.type },
        };
      const nullable = known.nullable || column.nullable;
      union.set(column.name, {
        ...(change === 'wider' ? { ...column, from: at } : known),
        nullable,
      });
    }
  }
  return [...union.values()].map(({ name, type, nullable }) => {
    const everywhere = batches.every((columns) => columns.some((column) => column.name === name));
    return { name, type, nullable: nullable || !everywhere };
  });
}
