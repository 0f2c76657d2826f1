import { publishStage } from '../../../activities/stages/publish.ts';
import type { Connection } from '../../../pipeline/connection.ts';
import type { Place } from '../attempts.ts';
import { runOf, toolsOf } from '../runs.ts';
import { quoted } from './postgres.ts';
import type { RedshiftEndpoint } from './redshift.ts';
import type { Scraps } from './scraps.ts';

/** Rows whose first column is the key. */
interface WarehouseContent {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A schema of the warehouse from which tables are published. */
export interface PublishingWarehouse {
  /** Fills a table and answers what publishes it; each file of the suite's own counts on. */
  publish(content: WarehouseContent, to: Publishing): Promise<Place['attempt']>;
}

export interface Publishing {
  /** Asked within each attempt. */
  readonly connectionNow: () => Connection;
  /** Of the connection `out`. */
  readonly output: string;
  readonly revision: number;
  /** A whole number when absent. */
  readonly keyType?: 'VARCHAR(80)';
  readonly fields?: Readonly<Record<string, string>>;
}

export async function openPublishing(
  scraps: Scraps,
  redshift: RedshiftEndpoint,
): Promise<PublishingWarehouse> {
  const schema = scraps.prefix;
  scraps.remove(`schema ${schema} of the warehouse`, () =>
    redshift.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`),
  );
  await redshift.query(`CREATE SCHEMA ${schema}`);
  let tables = 0;
  return {
    async publish({ columns, rows }, { connectionNow, output, revision, keyType = 'BIGINT', fields }) {
      const table = `source_n${String((tables += 1))}x`;
      const [key = '', ...texts] = columns;
      const definitions = [
        `${quoted(key)} ${keyType}`,
        ...texts.map((name) => `${quoted(name)} VARCHAR(65535)`),
      ];
      await redshift.query(`CREATE TABLE ${schema}.${table} (${definitions.join(', ')})`);
      for (const row of rows) {
        const values = row.map((value) =>
          typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`,
        );
        await redshift.query(`INSERT INTO ${schema}.${table} VALUES (${values.join(', ')})`);
      }
      const work = {
        kind: 'publish' as const,
        from: `warehouse.${schema}.${table}`,
        key: [key],
        rows: 'all' as const,
        ...(fields === undefined ? {} : { fields }),
      };
      return (tools) =>
        publishStage(
          runOf({ work, output, attempt: tools.attempt, revision }),
          toolsOf({ warehouse: redshift.connection, out: connectionNow() }, tools),
        );
    },
  };
}
