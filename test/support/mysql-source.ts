import { randomBytes } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { describe } from '@jest/globals';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { extractStage } from '../../activities/stages/extract.ts';
import type { StageOutput } from '../../activities/stages/runner.ts';
import { createS3Client } from '../../connectors/s3/client.ts';
import { findMariadb, MARIADB_INSTALL } from '../../local/mariadb-programs.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { CellValue } from './copy-rows.ts';
import { extractRun, extractTools, readStaged, type ExtractCase } from './extract-run.ts';
import { freshBucket, fromEnvironment } from './local-cloud.ts';
import { readWithDuckDb } from './parquet-readers.ts';

const VARIABLE = 'REEFLINE_TEST_MYSQL_URL';

const VERSION = process.env['REEFLINE_TEST_MYSQL_VERSION'] ?? '';

/** Whose server this run has. */
export const MAKER = VERSION.includes('MariaDB') ? 'MariaDB' : 'MySQL';

/** MySQL 5.7 has no invisible columns. */
export const HAS_INVISIBLE_COLUMNS = MAKER === 'MariaDB' || !VERSION.startsWith('5.');

/** `describe` where the server of this run has something; elsewhere the suite is skipped under a name that says why. */
export function describeWhere(has: boolean, name: string, suite: () => void): void {
  if (has) describe(name, suite);
  else describe.skip(`${name} (skipped: MySQL ${VERSION} has none)`, suite);
}

/** `describe` where the run has a MySQL server; elsewhere the suite is skipped under a name that says how to get one. */
export function describeMysql(name: string, suite: () => void): void {
  if (process.env[VARIABLE] !== undefined) {
    describe(name, suite);
    return;
  }
  const reason = findMariadb() === undefined ? MARIADB_INSTALL : 'REEFLINE_TEST_NO_CLOUD leaves out MariaDB.';
  describe.skip(`${name} (skipped: ${reason})`, suite);
}

/** A database to extract from and a bucket to extract into, of a suite's own. */
export interface MysqlSource {
  readonly database: string;
  /** Of a user who may read the database and do nothing else. */
  readonly url: string;
  readonly bucket: string;
  readonly s3: S3Client;
  /** A table or view with the numbers from 1 to `count` in a column `seq`. */
  numbers(count: number): Promise<string>;
  /** Runs statements as a user who may do everything, in a session that stores whatever it is given. */
  query(...statements: string[]): Promise<readonly RowDataPacket[]>;
  extract(given: ExtractCase, options?: Parameters<typeof extractTools>[2]): Promise<StageOutput>;
  /** What the extract threw; fails when it succeeds. */
  failureOf(given: ExtractCase, url?: string): Promise<StageFailure>;
  /** The rows of the files of a finished extract, read by DuckDB. */
  rowsOf(output: StageOutput): Promise<readonly (readonly CellValue[])[]>;
  close(): Promise<void>;
}

/** Creates the database, a user who may only read, and the bucket. */
export async function openMysqlSource(label: string): Promise<MysqlSource> {
  const admin = new URL(fromEnvironment(VARIABLE));
  const name = `${label.replaceAll('-', '_')}_${randomBytes(4).toString('hex')}`;
  const connection = await createConnection({
    uri: admin.href,
    multipleStatements: true,
    charset: 'utf8mb4',
  });
  const password = randomBytes(8).toString('hex');
  await run(
    connection,
    `create database \`${name}\``,
    `use \`${name}\``,
    "set sql_mode = 'NO_ENGINE_SUBSTITUTION'",
  );
  const user = `reader_${randomBytes(4).toString('hex')}`;
  await run(
    connection,
    `create user '${user}'@'127.0.0.1' identified by '${password}'`,
    `grant select on \`${name}\`.* to '${user}'@'127.0.0.1'`,
  );
  const url = new URL(`/${name}`, admin);
  url.username = user;
  url.password = password;
  const bucket = await freshBucket(label);
  const s3 = createS3Client();
  const runOf = (given: ExtractCase): ReturnType<typeof extractRun> =>
    extractRun({ ...given, work: { from: `shop.${name}.${given.table}`, ...given.work } });
  return {
    database: name,
    url: url.href,
    bucket,
    s3,
    // MariaDB has such tables of its own.
    numbers: async (count) =>
      MAKER === 'MariaDB' ? `seq_1_to_${String(count)}` : makeNumbers(connection, count),
    query: (...statements) => run(connection, ...statements),
    extract: (given, options) => extractStage(runOf(given), extractTools(url.href, bucket, options)),
    async failureOf(given, other = url.href) {
      const outcome = await extractStage(runOf(given), extractTools(other, bucket)).catch(
        (error: unknown) => error,
      );
      if (outcome instanceof StageFailure) return outcome;
      throw new Error(`expected a StageFailure, got ${String(outcome)}`);
    },
    async rowsOf({ uri }) {
      const { manifest, files } = await readStaged(s3, uri);
      return (await readWithDuckDb(files, manifest.reefline.columns)).rows;
    },
    async close() {
      s3.destroy();
      await run(connection, `drop database \`${name}\``, `drop user '${user}'@'127.0.0.1'`);
      await connection.end();
    },
  };
}

/** More than a million are computed while they are read, in any order. */
async function makeNumbers(connection: Connection, count: number): Promise<string> {
  const name = `numbers_${String(count)}`;
  const most = 1_000_000;
  if (count > most) {
    const [outer, inner] = [await makeNumbers(connection, count / most), await makeNumbers(connection, most)];
    const seq = `(${outer}.seq - 1) * ${String(most)} + ${inner}.seq as seq`;
    await run(connection, `create view ${name} as select ${seq} from ${outer} straight_join ${inner}`);
    return name;
  }
  await run(
    connection,
    `create table if not exists ${name} (seq int primary key)`,
    `insert ignore into ${name} values (1)`,
  );
  for (let some = 1; some < count; some *= 2) {
    const next = `seq + ${String(some)}`;
    await run(
      connection,
      `insert into ${name} select ${next} from ${name} where ${next} <= ${String(count)}`,
    );
  }
  return name;
}

async function run(connection: Connection, ...statements: string[]): Promise<readonly RowDataPacket[]> {
  let rows: readonly RowDataPacket[] = [];
  for (const statement of statements) {
    const [answer] = await connection.query<RowDataPacket[]>(statement);
    if (Array.isArray(answer)) rows = answer;
  }
  return rows;
}
