import { GetQueryResultsCommand, type GetQueryResultsOutput } from '@aws-sdk/client-athena';
import type { Athena } from './client.ts';
import { requestFailure } from './failures.ts';
import type { Watch } from './progress.ts';

/** The most rows that one call returns (Athena API Reference, "GetQueryResults"). */
const PAGE_ROWS = 1_000;

/** Rows that a finished CREATE TABLE AS has written. */
export async function writtenRows(athena: Athena, id: string, { signal }: Watch): Promise<number> {
  const answer = await readPage(athena, id, 1, undefined, signal);
  return answer.UpdateCount ?? 0;
}

/** The rows of a SELECT that succeeded, page by page: memory holds one page. Values are text as Athena writes it; NULL is null. */
export async function* resultPages(
  athena: Athena,
  id: string,
  watch: Watch,
): AsyncGenerator<readonly (readonly (string | null)[])[]> {
  let token: string | undefined;
  do {
    watch.beat();
    const answer = await readPage(athena, id, PAGE_ROWS, token, watch.signal);
    const rows = rowsOf(answer);
    // The names of the columns are the first row of the first page.
    yield token === undefined ? rows.slice(1) : rows;
    token = answer.NextToken;
  } while (token !== undefined);
}

/** The first rows of a SELECT that succeeded, after a row with the names of its columns. */
export async function firstRows(
  athena: Athena,
  id: string,
  { signal }: Watch,
): Promise<readonly (readonly (string | null)[])[]> {
  return rowsOf(await readPage(athena, id, PAGE_ROWS, undefined, signal));
}

function rowsOf({ ResultSet }: GetQueryResultsOutput): (string | null)[][] {
  return (ResultSet?.Rows ?? []).map(({ Data = [] }) => Data.map(({ VarCharValue: value }) => value ?? null));
}

async function readPage(
  athena: Athena,
  id: string,
  rows: number,
  token: string | undefined,
  signal: AbortSignal,
): Promise<GetQueryResultsOutput> {
  const next = token === undefined ? {} : { NextToken: token };
  const command = new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: rows, ...next });
  try {
    return await athena.client.send(command, { abortSignal: signal });
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, `read the result of query ${id}`, { query: id });
  }
}
