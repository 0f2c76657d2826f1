import { RedshiftDataClient } from '@aws-sdk/client-redshift-data';
import type { RedshiftConnection } from '../../pipeline/connection.ts';

/** A warehouse as the Data API addresses it; the fields are repeated in every request. */
export interface Warehouse {
  readonly client: RedshiftDataClient;
  readonly place: {
    readonly Database: string;
    readonly ClusterIdentifier?: string;
    readonly WorkgroupName?: string;
    readonly DbUser?: string;
    readonly SecretArn?: string;
  };
}

/** Close it with `warehouse.client.destroy()`. Endpoint and credentials come from the AWS SDK's own settings. */
export function openWarehouse(connection: RedshiftConnection): Warehouse {
  const client = new RedshiftDataClient({
    ...(connection.region === undefined ? {} : { region: connection.region }),
    // A long poll ends after 30 seconds; a silent peer must not hold an attempt until its own timeout.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  });
  return {
    client,
    place: {
      Database: connection.database,
      ...(connection.cluster === undefined ? {} : { ClusterIdentifier: connection.cluster }),
      ...(connection.workgroup === undefined ? {} : { WorkgroupName: connection.workgroup }),
      ...(connection.dbUser === undefined ? {} : { DbUser: connection.dbUser }),
      ...(connection.secretArn === undefined ? {} : { SecretArn: connection.secretArn }),
    },
  };
}
