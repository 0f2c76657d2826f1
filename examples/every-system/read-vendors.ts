import { Connection as SalesforceSession } from 'jsforce';
import snowflake, { type Connection as SnowflakeSession } from 'snowflake-sdk';
import type { Row } from '../flights/row-differences.ts';

type Environment = Readonly<Record<string, string>>;

/** The tables in Snowflake, by the vendor's driver and a key pair; every value as a text. */
export async function readSnowflake(environment: Environment): Promise<ReadonlyMap<string, readonly Row[]>> {
  snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false });
  const session = snowflake.createConnection({
    account: 'network-analytics',
    username: 'reefline',
    authenticator: 'SNOWFLAKE_JWT',
    privateKey: environment['SNOW_PRIVATE_KEY'] ?? '',
    accessUrl: environment['SNOWFLAKE_ACCESS_URL'] ?? '',
    database: 'ANALYTICS',
    warehouse: 'LOADING',
    role: 'REEFLINE',
  });
  await new Promise<void>((resolve, reject) => {
    session.connect((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
  const flights = (schema: string): string =>
    `SELECT TO_CHAR(departure, 'YYYY-MM-DD HH24:MI:SS') AS departure, CAST(delay AS VARCHAR) AS delay,
            CAST(distance AS VARCHAR) AS distance, origin, destination, reefline_timelabel AS timelabel FROM ${schema}.flights`;
  try {
    const found = new Map([
      ['snow.airline.flights', await snowflakeRows(session, flights('airline'))],
      [
        'snow.marts.hour_delays',
        await snowflakeRows(
          session,
          `SELECT TO_CHAR(flight_date, 'YYYY-MM-DD') AS flight_date, CAST(flight_hour AS VARCHAR) AS flight_hour,
                  CAST(flights AS VARCHAR) AS flights, CAST(total_delay AS VARCHAR) AS total_delay FROM marts.hour_delays`,
        ),
      ],
    ]);
    if (environment['ISLANDS_URL'] !== undefined)
      found.set('snow.islands.flights', await snowflakeRows(session, flights('islands')));
    return found;
  } finally {
    await new Promise<void>((resolve) => {
      session.destroy(() => resolve());
    });
  }
}

async function snowflakeRows(session: SnowflakeSession, sqlText: string): Promise<readonly Row[]> {
  const rows = await new Promise<readonly Row[]>((resolve, reject) => {
    session.execute({
      sqlText,
      complete: (error, _statement, found) => {
        if (error == null) resolve((found ?? []) as readonly Row[]);
        else reject(error);
      },
    });
  });
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value])),
  );
}

const SALESFORCE_FIELDS = {
  Report_Id__c: 'report_id',
  Flight_Date__c: 'flight_date',
  Airport__c: 'airport',
  Flights__c: 'flights',
  Total_Delay__c: 'total_delay',
  Longest_Delay__c: 'longest_delay',
} as const;

/** The records in the Salesforce org, by jsforce. */
export async function readSalesforce(environment: Environment): Promise<ReadonlyMap<string, readonly Row[]>> {
  const loginUrl = environment['CRM_LOGIN_URL'] ?? '';
  const session = new SalesforceSession({
    loginUrl,
    version: '62.0',
    oauth2: {
      loginUrl,
      clientId: environment['CRM_CLIENT_ID'] ?? '',
      clientSecret: environment['CRM_CLIENT_SECRET'] ?? '',
    },
  });
  await session.authorize({ grant_type: 'client_credentials' });
  const fields = Object.entries(SALESFORCE_FIELDS);
  const { records } = await session.query<Record<string, string | number | null>>(
    `SELECT ${fields.map(([field]) => field).join(', ')} FROM Airport_Delay__c`,
  );
  const rows = records.map((record) =>
    Object.fromEntries(
      fields.map(([field, column]) => {
        const value = record[field] ?? null;
        return [column, value === null ? null : String(value)];
      }),
    ),
  );
  return new Map([['crm.sobjects.Airport_Delay__c', rows]]);
}
