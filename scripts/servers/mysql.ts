import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../local/free-port.ts';
import { runsAsRoot } from '../../local/postgres-binaries.ts';
import { accepts, startServerProcess, waitUntilReady } from '../../local/server-process.ts';

/** Where a started MySQL answers. */
export interface StartedMysql {
  /** `mysql://` URL without a database, of a user who may do everything. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts the MySQL of unpacked packages on a free port of 127.0.0.1, with its data in `dir`. Its libraries are those of
 * the packages, the C library included, so it is started through their loader.
 */
export async function startMysql(
  programs: string,
  dir: string,
  announce: (command: string) => void,
): Promise<StartedMysql> {
  mkdirSync(dir, { recursive: true });
  const password = randomBytes(16).toString('hex');
  const users = join(dir, 'users.sql');
  writeFileSync(users, usersWith(password), { mode: 0o600 });
  const [loader, ...server] = commandOf(programs, dir);
  // Nothing of the caller's: MYSQL… variables may point at another server.
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
  await promisify(execFile)(loader, [...server, '--initialize-insecure'], { cwd: dir, env });
  const port = await freePort();
  const args = [...server, `--port=${String(port)}`, `--init-file=${users}`, ...SETTINGS];
  announce([loader, ...args].join(' '));
  const logFile = join(dir, 'mysql.log');
  const started = startServerProcess({ name: 'MySQL', command: loader, args, logFile, cwd: dir, env });
  const stop = (): Promise<void> => started.stop('SIGKILL');
  try {
    // MySQL accepts connections once it has run the file of users.
    await waitUntilReady('MySQL', started, () => accepts(port), 120_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `mysql://reefline:${password}@127.0.0.1:${String(port)}`, stop };
}

/** The loader, and what every start of the server has in common. */
function commandOf(programs: string, dir: string): readonly [string, ...string[]] {
  const libraries = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu'].map((path) => join(programs, path));
  const loader = libraries.map((path) => join(path, 'ld-linux-x86-64.so.2')).find((path) => existsSync(path));
  if (loader === undefined) throw new Error(`${programs} holds no loader of programs.`);
  const share = join(programs, 'usr/share/mysql');
  return [
    loader,
    ...['--library-path', libraries.join(':'), join(programs, 'usr/sbin/mysqld'), '--no-defaults'],
    ...[`--datadir=${join(dir, 'data')}`, `--basedir=${join(programs, 'usr')}`],
    ...[`--lc-messages-dir=${share}`, `--character-sets-dir=${join(share, 'charsets')}`],
    ...[
      `--plugin-dir=${join(programs, 'usr/lib/mysql/plugin')}`,
      `--tmpdir=${dir}`,
      '--secure-file-priv=NULL',
    ],
    // Without a certificate there is no TLS, of which the suites make their own server.
    '--auto-generate-certs=OFF',
    ...(runsAsRoot() ? ['--user=root'] : []),
  ];
}

/** As those of the MariaDB of the local cloud; the data is thrown away. */
const SETTINGS = [
  ...['--bind-address=127.0.0.1', '--socket=server.sock', '--pid-file=server.pid', '--loose-mysqlx=OFF'],
  ...['--character-set-server=utf8mb4', '--max-allowed-packet=64M', '--innodb-buffer-pool-size=128M'],
  ...['--performance-schema=OFF', '--skip-name-resolve', '--skip-log-bin'],
  '--innodb-flush-log-at-trx-commit=2',
];

function usersWith(password: string): string {
  return [
    `create user 'reefline'@'127.0.0.1' identified by '${password}';`,
    `grant all on *.* to 'reefline'@'127.0.0.1' with grant option;`,
    '',
  ].join('\n');
}
