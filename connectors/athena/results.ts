import { GetQueryResultsCommand } from '@aws-sdk/client-athena';
import type { Athena } from './client.ts';
import { requestFailure } from './failures.ts';
import type { Watch } from './progress.ts';

/** Rows that a finished CREATE TABLE AS has written. */
export async function writtenRows(athena: Athena, id: string, { signal }: Watch): Promise<number> {
  try {
    const command = new GetQueryResultsCommand({ QueryExecutionId: id, MaxResults: 1 });
    const answer = await athena.client.send(command, { abortSignal: signal });
    return answer.UpdateCount ?? 0;
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(error, `read the result of query ${id}`, { query: id });
  }
}
