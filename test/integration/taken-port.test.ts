import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { startMariadb } from '../../local/mariadb.ts';
import { findMariadb } from '../../local/mariadb-programs.ts';
import { startPostgres } from '../../local/postgres.ts';
import { findProcesses, signal } from '../../local/process-table.ts';
import { startTemporal } from '../../local/temporal.ts';

let dir: string;
/** Answers on ports that servers were about to use. */
let others: Server[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'reefline-port-'));
  // As root, the databases run as another user.
  chmodSync(dir, 0o711);
  others = [];
});
afterEach(() => {
  for (const other of others) other.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Takes the port of the first start, as soon as it is known; the commands of all starts. */
function taking(port: RegExp): { announce: (command: string) => void; commands: string[] } {
  const commands: string[] = [];
  const announce = (command: string): void => {
    if (commands.push(command) > 1) return;
    const taken = Number(port.exec(command)?.[1]);
    others.push(createServer((socket) => socket.destroy()).listen(taken, '127.0.0.1'));
  };
  return { announce, commands };
}

/** Ends a server as a crash does: what it has written about itself stays. */
async function crash(command: string): Promise<void> {
  const wanted = (running: string): boolean => running === command;
  for (const { pid } of findProcesses(wanted)) signal(pid, 'SIGKILL');
  while (findProcesses(wanted).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
}

test('a PostgreSQL whose port another server has taken starts again on another one, also after a crash', async () => {
  const commands: string[] = [];
  await startPostgres({ dir, keep: true, announce: (command) => commands.push(command) });
  await crash(commands[0] ?? '');
  const second = taking(/ -p (\d+)/u);
  const postgres = await startPostgres({ dir, keep: false, announce: second.announce });
  try {
    expect(second.commands).toHaveLength(2);
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    const { rows } = await client.query("select current_setting('data_directory') as dir");
    await client.end();
    expect(rows).toEqual([{ dir: join(dir, 'data') }]);
  } finally {
    await postgres.stop();
  }
});

(findMariadb() === undefined ? test.skip : test)(
  'a MariaDB whose port another server has taken starts again on another one, also after a crash',
  async () => {
    const commands: string[] = [];
    await startMariadb({ dir, keep: true, announce: (command) => commands.push(command) });
    await crash(commands[0] ?? '');
    const second = taking(/--port=(\d+)/u);
    const mariadb = await startMariadb({ dir, keep: false, announce: second.announce });
    try {
      expect(second.commands).toHaveLength(2);
      const client = await createConnection(mariadb.url);
      const [rows] = await client.query('select @@datadir as dir');
      await client.end();
      expect(rows).toEqual([{ dir: join(dir, 'data/') }]);
    } finally {
      await mariadb.stop();
    }
  },
);

test('a Temporal whose port another server has taken starts again on another one', async () => {
  const { announce, commands } = taking(/--port (\d+)/u);
  const temporal = await startTemporal({ dir, announce });
  try {
    expect(commands).toHaveLength(2);
    expect(commands[1]).toContain(`--port ${temporal.address.split(':')[1] ?? ''} `);
  } finally {
    await temporal.stop();
  }
});
