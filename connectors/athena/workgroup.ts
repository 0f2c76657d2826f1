import { GetWorkGroupCommand } from '@aws-sdk/client-athena';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Athena } from './client.ts';
import { requestFailure } from './failures.ts';

/** What a workgroup demands of the queries that run in it. */
export interface Workgroup {
  readonly name: string;
  /** Then where results and new tables lie is the workgroup's decision, and a query that names a place is refused. */
  readonly enforced: boolean;
  readonly output: string | undefined;
  /** Most bytes that one query may scan; undefined when there is no limit. */
  readonly scanLimit: number | undefined;
}

/**
 * Reads the workgroup of the connection. Throws StageFailure `not_found` for an unknown one, and `invalid_config` for
 * one that is disabled or when nobody says where results go: each of them would otherwise fail at the first query, with less
 * to go by.
 */
export async function readWorkgroup(athena: Athena, signal: AbortSignal): Promise<Workgroup> {
  const name = athena.workgroup;
  const facts = { workgroup: name };
  const found = await athena.client
    .send(new GetWorkGroupCommand({ WorkGroup: name }), { abortSignal: signal })
    .catch((error: unknown) => {
      signal.throwIfAborted();
      throw requestFailure(error, `read workgroup ${name}`, facts);
    });
  const { State: state, Configuration: configuration } = found.WorkGroup ?? {};
  if (state === 'DISABLED')
    throw new StageFailure(
      'invalid_config',
      `Athena workgroup ${name} is disabled. Enable it, or name another workgroup in the connection.`,
      { facts },
    );
  const enforced = configuration?.EnforceWorkGroupConfiguration ?? false;
  const output = configuration?.ResultConfiguration?.OutputLocation;
  const managed = configuration?.ManagedQueryResultsConfiguration?.Enabled === true;
  if (!managed && output === undefined && (enforced || athena.output === undefined))
    throw new StageFailure(
      'invalid_config',
      `Athena does not know where to put the results of queries in workgroup ${name}. Add output: s3://… to the connection, or set the query result location of the workgroup.`,
      { facts },
    );
  return { name, enforced, output, scanLimit: configuration?.BytesScannedCutoffPerQuery };
}
