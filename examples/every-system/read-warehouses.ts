import { setTimeout as pause } from 'node:timers/promises';
import {
  AthenaClient,
  GetQueryExecutionCommand,
  paginateGetQueryResults,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  paginateGetStatementResult,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { localAws } from '../flights/local-aws.ts';
import type { Row } from '../flights/row-differences.ts';

type Environment = Readonly<Record<string, string>>;

/** Milliseconds between two looks at a query. */
const PAUSE = 50;

/** The tables in Redshift, through the Data API; every value as a text. */
export async function readRedshift(environment: Environment): Promise<ReadonlyMap<string, readonly Row[]>> {
  const client = new RedshiftDataClient(localAws(environment, 'REDSHIFT_DATA'));
  const texts = (columns: readonly string[]): string =>
    columns.map((column) => `CAST(${column} AS VARCHAR) AS ${column}`).join(', ');
  try {
    return new Map([
      [
        'warehouse.airline.flights',
        await redshiftRows(
          client,
          `SELECT TO_CHAR(departure, 'YYYY-MM-DD HH24:MI:SS') AS departure, ${texts(['delay', 'distance', 'origin', 'destination'])},
                  CAST(reefline_timelabel AS VARCHAR) AS timelabel FROM airline.flights`,
        ),
      ],
      [
        'warehouse.airline.airports',
        await redshiftRows(
          client,
          `SELECT ${texts(['iata', 'name', 'city', 'state', 'country', 'latitude', 'longitude'])} FROM airline.airports`,
        ),
      ],
      [
        'warehouse.marts.airport_delays',
        await redshiftRows(
          client,
          `SELECT ${texts(['report_id', 'flight_date', 'airport', 'flights', 'total_delay', 'longest_delay'])} FROM marts.airport_delays`,
        ),
      ],
    ]);
  } finally {
    client.destroy();
  }
}

async function redshiftRows(client: RedshiftDataClient, Sql: string): Promise<readonly Row[]> {
  const { Id } = await client.send(
    new ExecuteStatementCommand({ WorkgroupName: 'network', Database: 'dev', Sql }),
  );
  for (;;) {
    const { Status, Error: reason } = await client.send(new DescribeStatementCommand({ Id }));
    if (Status === 'FINISHED') break;
    if (Status === 'FAILED' || Status === 'ABORTED')
      throw new Error(`Redshift could not run ${Sql}: ${reason ?? ''}`);
    await pause(PAUSE);
  }
  const rows: Row[] = [];
  for await (const { ColumnMetadata = [], Records = [] } of paginateGetStatementResult({ client }, { Id })) {
    const names = ColumnMetadata.map(({ name }) => name ?? '');
    for (const record of Records)
      rows.push(Object.fromEntries(names.map((name, at) => [name, record[at]?.stringValue ?? null])));
  }
  return rows;
}

/** The tables that Athena has made. */
export async function readAthena(environment: Environment): Promise<ReadonlyMap<string, readonly Row[]>> {
  const client = new AthenaClient(localAws(environment, 'ATHENA'));
  const counts = 'flights, total_delay';
  const routes = `SELECT flight_date, origin, destination, ${counts} FROM marts.routes`;
  const arrivals = `SELECT flight_date, destination, ${counts} FROM marts.arrivals`;
  try {
    return new Map([
      ['lakehouse.marts.routes', await athenaRows(client, routes)],
      ['lakehouse.marts.arrivals', await athenaRows(client, arrivals)],
    ]);
  } finally {
    client.destroy();
  }
}

/** What a query answers, every value as a text. */
export async function athenaRows(
  client: AthenaClient,
  QueryString: string,
  OutputLocation = 's3://network-lake/results/',
): Promise<readonly Row[]> {
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      QueryString,
      ResultConfiguration: { OutputLocation },
    }),
  );
  for (;;) {
    const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason: reason } = QueryExecution?.Status ?? {};
    if (State === 'SUCCEEDED') break;
    if (State === 'FAILED' || State === 'CANCELLED')
      throw new Error(`Athena could not run ${QueryString}: ${reason ?? ''}`);
    await pause(PAUSE);
  }
  const cells: (string | null)[][] = [];
  for await (const { ResultSet } of paginateGetQueryResults({ client }, { QueryExecutionId }))
    for (const { Data = [] } of ResultSet?.Rows ?? [])
      cells.push(Data.map(({ VarCharValue }) => VarCharValue ?? null));
  // The first row of the first page holds the headings.
  const [names = [], ...rows] = cells;
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name ?? '', row[at] ?? null])));
}
