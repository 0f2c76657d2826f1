import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { findMariadb, MARIADB_INSTALL } from '../local/mariadb-programs.ts';
import { startMariadb } from '../local/mariadb.ts';
import { atMost, percentile, rounded, type Figure } from './figure.ts';
import type { MoverReport, MoverRequest } from './mysql-mover.ts';
import { makeScratchFolder } from './scratch-folder.ts';
import type { Stack } from './stack.ts';

const ROUNDS = 3;
const BAR = 1.7;
const MOVER = fileURLToPath(new URL('./mysql-mover.ts', import.meta.url));
const SCHEMA = 'bench';

/** Three million flights, and fewer rows of every type that takes some work. */
const TABLES = {
  flights: `
    create table flights engine = InnoDB as
      select cast(seq as signed) as id, timestamp('2001-01-01') + interval seq second as departed_at,
        cast(seq % 600 as signed) - 60 as delay, cast(seq % 3000 as signed) as distance,
        concat(char(65 + seq % 26), 'AB') as origin, concat('X', char(65 + seq % 17), 'Z') as destination
      from seq_1_to_3000000`,
  awkward: `
    create table awkward engine = InnoDB as
      select cast(seq as unsigned) * 1000000007 as big, cast(seq / 7 as decimal(12,4)) as amount,
        cast(seq / 3 as decimal(38,10)) as wide, seq / 3.0e0 as ratio, seq % 2 = 0 as yes,
        if(seq % 3 = 0, null, md5(seq)) as note, repeat('größe 😀 ', seq % 9) as words, unhex(sha1(seq)) as body,
        date('2001-01-01') + interval seq % 9000 day as day, timestamp('2001-01-01') + interval seq microsecond as at,
        json_object('id', seq) as doc, sec_to_time(seq % 80000) as of_day
      from seq_1_to_400000`,
} as const;

/**
 * Extract of a table into Parquet files, against the server's own client reading the same table with `-q -B` into
 * nothing; the larger ratio of two tables. No figure where MariaDB is not installed.
 */
export async function extractMysql(_stack: Stack, say: (line: string) => void): Promise<Figure[]> {
  if (findMariadb() === undefined) {
    say(`extract_mysql_ratio is left out. ${MARIADB_INSTALL}`);
    return [];
  }
  const folder = makeScratchFolder('mysql');
  chmodSync(folder, 0o711);
  mkdirSync(join(folder, 'server'));
  const server = await startMariadb({ dir: join(folder, 'server'), keep: false, announce: () => undefined });
  try {
    await fill(server.url);
    const results: Record<string, TableResult> = {};
    for (const table of Object.keys(TABLES)) results[table] = await measure(server.url, table, folder);
    const worst = Math.max(...Object.values(results).map(({ ratio }) => ratio));
    return [atMost('extract_mysql_ratio', worst, BAR, results)];
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface TableResult {
  readonly ratio: number;
  readonly rows: number;
  readonly extractMs: number;
  readonly clientMs: number;
  readonly rssMb: number;
}

async function fill(url: string): Promise<void> {
  const connection = await createConnection(url);
  try {
    await connection.query(`create database ${SCHEMA}`);
    await connection.query(`use ${SCHEMA}`);
    for (const statement of Object.values(TABLES)) await connection.query(statement);
  } finally {
    await connection.end();
  }
}

/** Medians of alternate rounds; one of each before they count warms the server's memory. */
async function measure(url: string, table: string, folder: string): Promise<TableResult> {
  const client: number[] = [];
  const mover: MoverReport[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const milliseconds = await readWithClient(url, table);
    const report = await move({ url, schema: SCHEMA, table, prefix: join(folder, `${table}-`) });
    if (round === 0) continue;
    client.push(milliseconds);
    mover.push(report);
  }
  const [clientMs, extractMs] = [client, mover.map(({ milliseconds }) => milliseconds)].map((times) =>
    percentile(times, 0.5),
  ) as [number, number];
  return {
    ratio: rounded(extractMs / clientMs),
    rows: mover[0]?.rows ?? 0,
    extractMs: Math.round(extractMs),
    clientMs: Math.round(clientMs),
    rssMb: Math.max(...mover.map(({ rss }) => rss)),
  };
}

async function readWithClient(url: string, table: string): Promise<number> {
  const { hostname, port, username, password } = new URL(url);
  const program = 'mariadb --no-defaults -h "$1" -P "$2" -u "$3" -q -B -e "$4" > /dev/null';
  const statement = `select * from ${SCHEMA}.${table}`;
  const begun = performance.now();
  await promisify(execFile)('sh', ['-c', program, 'sh', hostname, port, username, statement], {
    env: { ...process.env, MYSQL_PWD: password },
  });
  return performance.now() - begun;
}

async function move(request: MoverRequest): Promise<MoverReport> {
  const { stdout } = await promisify(execFile)(process.execPath, [MOVER, JSON.stringify(request)]);
  return JSON.parse(stdout) as MoverReport;
}
