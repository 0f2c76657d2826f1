import {
  GetStatementResultCommand,
  type ColumnMetadata,
  type DescribeStatementResponse,
  type Field,
} from '@aws-sdk/client-redshift-data';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Warehouse } from './client.ts';
import { requestFailure } from './failures.ts';
import type { Watch } from './statement.ts';

/** One page of a result. Values are text as the service gave it; NULL is null. */
export interface ResultPage {
  readonly columns: readonly ColumnMetadata[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * The result of the statement at `index` of a finished batch, page by page: memory holds one page. `textOf` may be
 * given where values need not be exact.
 */
export async function* resultPages(
  warehouse: Warehouse,
  state: DescribeStatementResponse,
  index: number,
  watch: Watch,
  textOf: (field: Field) => string | null = exactText,
): AsyncGenerator<ResultPage> {
  const id = state.SubStatements?.[index]?.Id ?? `${state.Id ?? ''}:${String(index + 1)}`;
  let token: string | undefined;
  do {
    watch.beat();
    const answer = await readPage(warehouse, id, token, watch.signal);
    yield {
      columns: answer.ColumnMetadata ?? [],
      rows: (answer.Records ?? []).map((record) => record.map((field) => textOf(field))),
    };
    token = answer.NextToken === '' ? undefined : answer.NextToken;
  } while (token !== undefined);
}

/** All rows of a small result. */
export async function readRows(
  warehouse: Warehouse,
  state: DescribeStatementResponse,
  index: number,
  watch: Watch,
): Promise<readonly (readonly (string | null)[])[]> {
  const rows: (readonly (string | null)[])[] = [];
  for await (const page of resultPages(warehouse, state, index, watch)) rows.push(...page.rows);
  return rows;
}

async function readPage(warehouse: Warehouse, id: string, token: string | undefined, signal: AbortSignal) {
  const next = token === undefined ? {} : { NextToken: token };
  try {
    return await warehouse.client.send(new GetStatementResultCommand({ Id: id, ...next }), {
      abortSignal: signal,
    });
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, `read the result of statement ${id}`, { statement: id });
  }
}

/** Whole numbers beyond 2^53 and decimals must be selected as text: a JSON number has already lost their digits. */
export function exactText(field: Field): string | null {
  if (field.isNull === true) return null;
  if (field.stringValue !== undefined) return field.stringValue;
  if (field.booleanValue !== undefined) return field.booleanValue ? 'true' : 'false';
  if (field.longValue !== undefined) return wholeNumber(field.longValue);
  if (field.doubleValue !== undefined) return doubleText(field.doubleValue);
  if (field.blobValue !== undefined) return `\\x${Buffer.from(field.blobValue).toString('hex')}`;
  throw new StageFailure(
    'rejected',
    'The Redshift Data API returned a kind of value that Reefline does not know.',
  );
}

function wholeNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  throw new StageFailure(
    'rejected',
    `The Redshift Data API returned ${String(value)} as a number, which cannot be exact.`,
  );
}

/** JavaScript writes the negative zero without its sign, and every other number so that it is read back as the same. */
function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
