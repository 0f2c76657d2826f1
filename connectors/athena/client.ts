import { AthenaClient } from '@aws-sdk/client-athena';
import type { AthenaConnection } from '../../pipeline/connection.ts';

/** Athena as one connection addresses it. */
export interface Athena {
  readonly client: AthenaClient;
  readonly workgroup: string;
  /** Where results go when the workgroup leaves that to the caller, `s3://…`. */
  readonly output: string | undefined;
}

/** The workgroup that every account has. */
const DEFAULT_WORKGROUP = 'primary';

/** Close it with `athena.client.destroy()`. Endpoint and credentials come from the AWS SDK's own settings. */
export function openAthena(connection: AthenaConnection): Athena {
  const client = new AthenaClient({
    ...(connection.region === undefined ? {} : { region: connection.region }),
    // Calls answer at once; a silent peer must not hold an attempt until its own timeout.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  });
  return { client, workgroup: connection.workgroup ?? DEFAULT_WORKGROUP, output: connection.output };
}
