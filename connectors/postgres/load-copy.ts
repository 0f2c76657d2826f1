import { StageFailure } from '../../pipeline/failure.ts';
import type { PostgresSession } from './connection.ts';
import { copyInto } from './copy-in.ts';
import { LABEL_COLUMN } from './load-columns.ts';
import type { LabelField, LoadRows } from './load-request.ts';
import type { TakenAs } from './load-types.ts';
import type { PublishMarker } from './publish-markers.ts';

export interface CopiedRows {
  /** Quoted name of the table. */
  readonly into: string;
  readonly rows: LoadRows;
  /** For each column of the rows. */
  readonly taken: readonly TakenAs[];
  readonly label: LabelField;
  /** As for `toPostgresFailure`. */
  readonly doing: string;
  readonly signal: AbortSignal | undefined;
}

/** Copies rows that no other connection has begun to read, and answers their number. */
export async function copyRows(
  { client, where }: PostgresSession,
  { into, rows: { parts }, taken, label, doing, signal }: CopiedRows,
): Promise<number> {
  let copied = 0;
  for (const { format, names: own, read } of parts) {
    const names = label === 'with label' ? [...own, LABEL_COLUMN] : own;
    copied += await copyInto(client, { into, names, format, rows: read(taken, label), where, doing }, signal);
  }
  return copied;
}

/** @throws StageFailure `data_error` when files hold another number of rows than their manifest says. */
export function checkCount({ dataset, timelabel }: PublishMarker, copied: number, count: number): void {
  if (copied === count) return;
  throw new StageFailure(
    'data_error',
    `The staged files of label ${timelabel} for ${dataset} hold ${String(copied)} rows, and their manifest says ${String(count)}. ` +
      'Nothing was written. Run the extract of this label again.',
    { facts: { dataset, timelabel, rows: copied, expected: count } },
  );
}
