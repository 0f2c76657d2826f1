import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import type { RedshiftConnection } from '../../../pipeline/connection.ts';
import type { Scraps } from './scraps.ts';

/** A Redshift as the variables of the run name it. */
export interface RedshiftEndpoint {
  readonly connection: RedshiftConnection;
  /** Rows of a statement by a client of the test's own, as text. @throws what the statement failed with. */
  query(sql: string): Promise<string[][]>;
}

export function openRedshift(scraps: Scraps): RedshiftEndpoint {
  const given = (name: string): string | undefined => process.env[`REEFLINE_CONTRACT_REDSHIFT_${name}`];
  const only = (field: string, value: string | undefined): object =>
    value === undefined ? {} : { [field]: value };
  const connection: RedshiftConnection = {
    kind: 'redshift',
    database: given('DATABASE') ?? '',
    ...only('workgroup', given('WORKGROUP')),
    ...only('cluster', given('CLUSTER')),
    ...only('dbUser', given('DB_USER')),
    ...only('secretArn', given('SECRET_ARN')),
    ...only('copyRole', given('COPY_ROLE')),
  };
  const client = new RedshiftDataClient({});
  scraps.remove('the Redshift client', async () => {
    client.destroy();
  });
  return {
    connection,
    async query(sql) {
      const { Id } = await client.send(
        new ExecuteStatementCommand({
          Sql: sql,
          Database: connection.database,
          WorkgroupName: connection.workgroup,
          ClusterIdentifier: connection.cluster,
          DbUser: connection.dbUser,
          SecretArn: connection.secretArn,
        }),
      );
      for (;;) {
        const {
          Status,
          Error: error,
          HasResultSet,
        } = await client.send(new DescribeStatementCommand({ Id, WaitTimeSeconds: 10 }));
        if (Status === 'FAILED' || Status === 'ABORTED') throw new Error(error ?? Status);
        if (Status !== 'FINISHED') continue;
        if (HasResultSet !== true) return [];
        const { Records = [] } = await client.send(new GetStatementResultCommand({ Id }));
        return Records.map((row) =>
          row.map(({ stringValue, longValue, isNull }) =>
            isNull === true ? 'NULL' : String(stringValue ?? longValue),
          ),
        );
      }
    },
  };
}
