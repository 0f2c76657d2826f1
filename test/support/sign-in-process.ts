/** A process that signs in to a Snowflake account or a Salesforce org, and says how it went. */
import { openOrg } from '../../connectors/salesforce/session.ts';
import { closeWarehouse, openWarehouse } from '../../connectors/snowflake/client.ts';
import type { SalesforceConnection, SnowflakeConnection } from '../../pipeline/connection.ts';
import type { StageFailure } from '../../pipeline/failure.ts';

const connection = JSON.parse(process.argv[2] ?? '{}') as SalesforceConnection | SnowflakeConnection;
const { signal } = new AbortController();
try {
  if (connection.kind === 'salesforce') await openOrg('crm', connection, signal);
  else await closeWarehouse(await openWarehouse(connection, { signal, beat: () => undefined }));
  process.stdout.write('signed in');
} catch (error) {
  const { failureClass, message } = error as StageFailure;
  process.stdout.write(`${failureClass}: ${message}`);
}
process.exit();
