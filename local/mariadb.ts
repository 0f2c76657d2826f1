import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { findMariadb, MARIADB_INSTALL, type MariadbPrograms } from './mariadb-programs.ts';
import { NOBODY, runsAsRoot } from './postgres-binaries.ts';
import { accepts, startServerProcess, waitUntilReady, type ServerProcess } from './server-process.ts';

/** A running throw-away MariaDB server. */
export interface LocalMariadb {
  /** `mysql://` URL without a database, of a user who may do everything. */
  readonly url: string;
  stop(): Promise<void>;
}

/** How to start the throw-away MariaDB server. */
export interface LocalMariadbOptions {
  /** Folder for the data, the password and the log. As root it must be one that other users can enter. */
  readonly dir: string;
  /** Shut down so that the data can be used again; otherwise stop at once. */
  readonly keep: boolean;
  /** Told the exact command line before the server is started. */
  readonly announce: (command: string) => void;
  /** Files of a certificate and its key, which offer TLS; without them the server has none. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

const ATTEMPTS = 5;

/** Below the data folder. */
const PID_FILE = 'server.pid';

/** A start that took longer than this failed for another reason than a port; it is not tried again. */
const PATIENCE_MS = 10_000;

/**
 * Starts the system's MariaDB on a free port of 127.0.0.1 with a random password. Data left by an earlier start is used
 * again when it is complete.
 * @throws when MariaDB is not installed, with the commands that install it.
 */
export async function startMariadb(options: LocalMariadbOptions): Promise<LocalMariadb> {
  const programs = findMariadb();
  if (programs === undefined) throw new Error(MARIADB_INSTALL);
  const password = await initialise(programs, options.dir);
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const begun = performance.now();
    try {
      const server = await startOn(port, programs, options);
      return {
        url: `mysql://reefline:${password}@127.0.0.1:${port}`,
        stop: () => server.stop(options.keep ? 'SIGTERM' : 'SIGKILL'),
      };
    } catch (error) {
      // The usual reason is that another process took the port between our look and our start.
      if (attempt === ATTEMPTS || performance.now() - begun > PATIENCE_MS) throw error;
    }
  }
}

async function startOn(
  port: number,
  programs: MariadbPrograms,
  { dir, announce, tls }: LocalMariadbOptions,
): Promise<ServerProcess> {
  const args = ['--no-defaults', `--datadir=${join(dir, 'data')}`, `--port=${port}`, ...settings(dir)];
  if (tls !== undefined) args.push(`--ssl-cert=${tls.cert}`, `--ssl-key=${tls.key}`);
  announce([programs.server, ...args].join(' '));
  const server = startServerProcess({
    name: 'MariaDB',
    command: programs.server,
    args,
    logFile: join(dir, 'mariadb.log'),
    cwd: dir,
    env: environment(),
    ...identity(),
  });
  try {
    await waitUntilReady('MariaDB', server, () => accepts(port), 60_000);
    await waitUntilReady('MariaDB', server, () => hasListened(dir, server.pid), 60_000);
    return server;
  } catch (error) {
    await server.stop('SIGKILL');
    throw error;
  }
}

/** The server writes its process id into a file when its port is its own. A killed one leaves the file behind. */
function hasListened(dir: string, pid: number | undefined): boolean {
  try {
    return readFileSync(join(dir, 'data', PID_FILE), 'utf8').trim() === String(pid);
  } catch {
    return false;
  }
}

function settings(dir: string): string[] {
  const values: Record<string, string> = {
    'bind-address': '127.0.0.1',
    // Below the data folder: the whole path may be longer than the system allows for a socket.
    socket: 'server.sock',
    'pid-file': PID_FILE,
    tmpdir: dir,
    'init-file': join(dir, 'users.sql'),
    'character-set-server': 'utf8mb4',
    'max-allowed-packet': '64M',
    'innodb-buffer-pool-size': '128M',
    'performance-schema': 'OFF',
    'skip-name-resolve': 'ON',
    // The data is thrown away after a crash of the machine, so nothing needs to reach the disk; what is committed outlives the server.
    'innodb-flush-log-at-trx-commit': '2',
    'sync-binlog': '0',
  };
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

/** Creates the data folder when there is no complete one, and answers the password. */
async function initialise({ installDb }: MariadbPrograms, dir: string): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const passwordFile = join(dir, 'password');
  const complete = join(dir, 'complete');
  if (existsSync(complete)) return readFileSync(passwordFile, 'utf8').trim();
  rmSync(join(dir, 'data'), { recursive: true, force: true });
  const password = randomBytes(16).toString('hex');
  for (const [file, text] of [
    [passwordFile, `${password}\n`],
    [join(dir, 'users.sql'), users(password)],
  ] as const) {
    writeFileSync(file, text, { mode: 0o600 });
    if (runsAsRoot()) chownSync(file, NOBODY, NOBODY);
  }
  if (runsAsRoot()) chownSync(dir, NOBODY, NOBODY);
  chmodSync(dir, 0o700);
  const args = [
    '--no-defaults',
    `--datadir=${join(dir, 'data')}`,
    '--auth-root-authentication-method=normal',
  ];
  args.push('--skip-test-db', '--skip-name-resolve');
  // A MariaDB that starts removes all temporary tables from its folder for them: those of another one, too, when both use /tmp.
  const env = { ...environment(), TMPDIR: dir };
  try {
    await promisify(execFile)(installDb, args, { cwd: dir, env, ...identity() });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`MariaDB's mariadb-install-db failed: ${reason}`, { cause: error });
  }
  writeFileSync(complete, '');
  return password;
}

/** Run at each start, one statement on a line. Without names of hosts, 127.0.0.1 is not localhost. */
function users(password: string): string {
  return [
    `alter user 'root'@'localhost' identified by '${password}';`,
    `create user if not exists 'reefline'@'127.0.0.1' identified by '${password}';`,
    `grant all on *.* to 'reefline'@'127.0.0.1' with grant option;`,
    '',
  ].join('\n');
}

/** The server must not follow MYSQL… variables of the caller. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(MYSQL|MARIADB)/u.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

function identity(): { uid?: number; gid?: number } {
  return runsAsRoot() ? { uid: NOBODY, gid: NOBODY } : {};
}
