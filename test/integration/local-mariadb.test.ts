import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import { startLocalCloud, type LocalCloud } from '../../local/cloud.ts';
import { findProcesses } from '../../local/process-table.ts';
import { eventually } from '../support/eventually.ts';
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
  test('answers, and leaves no process and no file behind', async () => {
    const dir = join(root, 'cloud');
    const cloud = await start(dir);
    expect(await query(cloud.mysqlUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(serversIn(dir)).toHaveLength(1);
    await cloud.stop();
    expect(serversIn(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  test('keeps its data for the next start where that is asked for', async () => {
    const dir = join(root, 'kept');
    const first = await start(dir, true);
    await query(
      first.mysqlUrl,
      'create database shop',
      'create table shop.orders (id int)',
      'insert into shop.orders values (7)',
    );
    await first.stop();
    expect(serversIn(dir)).toEqual([]);
    const second = await start(dir, true);
    expect(await query(second.mysqlUrl, 'select id from shop.orders')).toEqual([{ id: 7 }]);
  });

  test('ends when the process that started the cloud is killed', async () => {
    const dir = join(root, 'killed');
    const module = fileURLToPath(new URL('../../local/cloud.ts', import.meta.url));
    const program = `
      const { startLocalCloud } = await import(${JSON.stringify(module)});
      await startLocalCloud({ dir: ${JSON.stringify(dir)}, mysql: true, temporal: false });
      console.log('started');
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => parent.stdout.once('data', resolve));
    expect(serversIn(dir)).toHaveLength(1);
    parent.kill('SIGKILL');
    await eventually(() => {
      expect(serversIn(dir)).toEqual([]);
      expect(existsSync(dir)).toBe(false);
    });
  });
});
