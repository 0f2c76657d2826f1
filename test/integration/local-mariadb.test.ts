import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { startLocalCloud, type LocalCloud } from '../../local/cloud.ts';
import { findProcesses } from '../../local/process-table.ts';
import { describeMysql } from '../support/mysql-source.ts';

let root: string;
let clouds: LocalCloud[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reefline-test-'));
  chmodSync(root, 0o755);
  clouds = [];
});
afterEach(async () => {
  await Promise.all(clouds.map((cloud) => cloud.stop()));
  rmSync(root, { recursive: true, force: true });
});

async function start(dir: string, keep = false): Promise<LocalCloud> {
  const cloud = await startLocalCloud({ dir, keep, mysql: true, temporal: false });
  clouds.push(cloud);
  return cloud;
}

async function query(url: string, ...statements: string[]): Promise<unknown> {
  const connection = await createConnection(url);
  try {
    let answer: unknown;
    for (const statement of statements) [answer] = await connection.query(statement);
    return answer;
  } finally {
    await connection.end();
  }
}

function serversIn(dir: string): unknown[] {
  return findProcesses((command) => command.includes('mariadbd') && command.includes(dir));
}

describeMysql('The MariaDB of a local cloud', () => {
  test('keeps its data where that is asked for, and leaves no process and no file behind where it is not', async () => {
    const dir = join(root, 'cloud');
    const kept = await start(dir, true);
    expect(serversIn(dir)).toHaveLength(1);
    await query(
      kept.mysqlUrl,
      'create database shop',
      'create table shop.orders (id int)',
      'insert into shop.orders values (7)',
    );
    await kept.stop();
    expect(serversIn(dir)).toEqual([]);
    const last = await start(dir);
    expect(await query(last.mysqlUrl, 'select id from shop.orders')).toEqual([{ id: 7 }]);
    await last.stop();
    expect(serversIn(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  test('removes no temporary table of another MariaDB of the machine when it is made', async () => {
    const shared = join(root, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    const table = join(shared, '#sql-temptable-1-1-1.MAI');
    writeFileSync(table, '');
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = shared;
    try {
      await start(join(root, 'cloud'));
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
    expect(existsSync(table)).toBe(true);
  });
});
