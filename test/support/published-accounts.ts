import type { Column, ColumnType } from '../../pipeline/column.ts';
import type { Connection } from '../../pipeline/connection.ts';
import { openTestAthena } from './athena.ts';
import { execute, openTestSnowflake } from './snowflake.ts';

/** What a test says of an account; all have the same values in the other columns. */
export type AccountRow = readonly [id: number | null, name: string | null, tier: string | null];

/** A table of accounts in a warehouse, with a column of every kind that Salesforce takes. */
export interface PublishedAccounts {
  readonly connections: Readonly<Record<string, Connection>>;
  readonly from: string;
  /** Gives a label these rows, and no others. */
  fill(rows: readonly AccountRow[], timelabel: string): Promise<void>;
  /** Runs a statement in the warehouse. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>;
  close(): Promise<void>;
}

export const WAREHOUSES = {
  Snowflake: accountsInSnowflake,
  Athena: accountsInAthena,
} as const;

function text(value: string | null): string {
  return value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
}

async function accountsInSnowflake(): Promise<PublishedAccounts> {
  const snowflake = await openTestSnowflake('published');
  const { admin, connections } = snowflake;
  await execute(admin, 'CREATE SCHEMA MARTS');
  await execute(
    admin,
    'CREATE TABLE MARTS.ACCOUNTS (SHOP_ID NUMBER(10,0), NAME VARCHAR, TIER__C VARCHAR, REVENUE__C NUMBER(38,10), ACTIVE__C BOOLEAN, ' +
      'SINCE__C DATE, SEEN__C TIMESTAMP_TZ, REEFLINE_TIMELABEL VARCHAR(14))',
  );
  return {
    connections,
    from: 'warehouse.marts.accounts',
    async fill(rows, timelabel) {
      await execute(admin, `DELETE FROM MARTS.ACCOUNTS WHERE REEFLINE_TIMELABEL = '${timelabel}'`);
      const values = rows.map(([id, ...texts]) => {
        const [name, tier] = texts.map((each) => text(each).replaceAll('\\', '\\\\'));
        return `(${String(id)}, ${name ?? ''}, ${tier ?? ''}, 1.25, TRUE, '2024-02-29', '2024-07-01 02:00:00 +02:00', '${timelabel}')`;
      });
      await execute(admin, `INSERT INTO MARTS.ACCOUNTS VALUES ${values.join(', ')}`);
    },
    query: (sql) => execute(admin, sql),
    close: () => snowflake.close(),
  };
}

const column = (name: string, type: ColumnType): Column => ({ name, type, nullable: true });
const COLUMNS: readonly Column[] = [
  column('shop_id', { kind: 'int64' }),
  column('name', { kind: 'text' }),
  column('tier__c', { kind: 'text' }),
  column('revenue__c', { kind: 'decimal', precision: 38, scale: 10 }),
  column('active__c', { kind: 'boolean' }),
  column('since__c', { kind: 'date' }),
  // Hive has no type for instants.
  column('seen__c', { kind: 'text' }),
];

async function accountsInAthena(): Promise<PublishedAccounts> {
  const athena = await openTestAthena('published');
  return {
    connections: athena.connections,
    from: `athena.${athena.raw}.accounts`,
    async fill(rows, timelabel) {
      const values = rows.map(([id, name, tier]) => `(${String(id)}, ${text(name)}, ${text(tier)})`);
      await athena.register(
        'accounts',
        COLUMNS,
        timelabel,
        `SELECT id::BIGINT AS shop_id, name::VARCHAR AS name, tier::VARCHAR AS tier__c, 1.25::DECIMAL(38,10) AS revenue__c, true AS active__c,
          DATE '2024-02-29' AS since__c, '2024-07-01 02:00:00+02:00' AS seen__c FROM (VALUES ${values.join(', ')}) v(id, name, tier)`,
      );
    },
    query: (sql) => athena.rows(sql),
    close() {
      athena.close();
      return Promise.resolve();
    },
  };
}
