import { describeType, type Column } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { MysqlWireColumn } from './mysql-moves.ts';

/** A value that has no place in the files. `what` completes "holds …"; `cure` is one more sentence. */
export function refusedValue(table: string, column: Column, what: string, cure?: string): StageFailure {
  const sentences = [
    `Column ${table}.${column.name} of type ${describeType(column.type)} holds ${what}, which the staged files cannot hold.`,
    'Correct the row, cast the column in a view and extract the view, or leave the column out.',
    ...(cure === undefined ? [] : [cure]),
  ];
  return new StageFailure('data_error', sentences.join(' '), {
    facts: { table, column: column.name, value: what },
  });
}

/** @throws StageFailure `data_error` that says in which form the server sends a column whose type promises another. */
export function refuseForm(table: string, column: Column, wire: MysqlWireColumn | undefined): never {
  const form = wire === undefined ? 'not at all' : `in the form ${String(wire.type)}`;
  throw new StageFailure(
    'data_error',
    `Column ${table}.${column.name} of type ${describeType(column.type)} is sent ${form}, which is not the one of its ` +
      'declared type. Cast the column to its type in a view and extract the view.',
    { facts: { table, column: column.name, value: null } },
  );
}
