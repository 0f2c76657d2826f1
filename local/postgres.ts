import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { NOBODY, postgresFolder, runsAsRoot } from './postgres-binaries.ts';
import { accepts, startServerProcess, waitUntilReady, type ServerProcess } from './server-process.ts';

/** A running throw-away PostgreSQL server. */
export interface LocalPostgres {
  /** URL of the database `postgres` for the superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

/** How to start the throw-away PostgreSQL server. */
export interface LocalPostgresOptions {
  /** Folder for the data, the password and the log. As root it must be one that other users can enter. */
  readonly dir: string;
  /** Shut down so that the data can be used again; otherwise stop at once. */
  readonly keep: boolean;
  /** Told the exact command line before the server is started. */
  readonly announce: (command: string) => void;
  /** Folder of an unpacked package of programs; without it those of the installed package. */
  readonly programs?: string | undefined;
}

const ATTEMPTS = 5;

/** A start that took longer than this failed for another reason than a port; it is not tried again. */
const PATIENCE_MS = 10_000;

/**
 * Starts PostgreSQL on a free port of 127.0.0.1, with a random password and without a Unix socket (its path may
 * be longer than the system allows). Data left by an earlier start is used again when it is complete.
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const folder = postgresFolder(options.programs);
  const password = await initialise(folder, options.dir);
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const begun = performance.now();
    try {
      const server = await startOn(port, folder, options);
      return {
        url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
        stop: () => server.stop(options.keep ? 'SIGINT' : 'SIGQUIT'),
      };
    } catch (error) {
      // The usual reason is that another process took the port between our look and our start.
      if (attempt === ATTEMPTS || performance.now() - begun > PATIENCE_MS) throw error;
    }
  }
}

async function startOn(port: number, folder: string, options: LocalPostgresOptions): Promise<ServerProcess> {
  const command = join(folder, 'bin', 'postgres');
  const args = ['-D', join(options.dir, 'data'), '-h', '127.0.0.1', '-p', String(port), ...settings()];
  options.announce([command, ...args].join(' '));
  const logFile = join(options.dir, 'postgres.log');
  const server = startServerProcess({
    name: 'PostgreSQL',
    command,
    args,
    logFile,
    cwd: options.dir,
    env: environment(),
    ...identity(),
  });
  try {
    await waitUntilReady('PostgreSQL', server, () => accepts(port), 60_000);
    await waitUntilReady('PostgreSQL', server, () => saysReady(options.dir, server.pid), 60_000);
    return server;
  } catch (error) {
    await server.stop('SIGQUIT');
    throw error;
  }
}

/**
 * The server writes its process id as the first line of its lock file, and `ready` as the eighth once it takes connections. A
 * killed one leaves the file behind.
 */
function saysReady(dir: string, pid: number | undefined): boolean {
  try {
    const lines = readFileSync(join(dir, 'data', 'postmaster.pid'), 'utf8').split('\n');
    return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

function settings(): string[] {
  const values: Record<string, string> = {
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    max_wal_size: '4GB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // The data is thrown away after a crash of the machine, so nothing needs to reach the disk. A killed server
    // still finds every committed transaction in the pages that the system holds.
    fsync: 'off',
    full_page_writes: 'off',
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Creates the cluster when there is no complete one, and answers the superuser's password. */
async function initialise(folder: string, dir: string): Promise<string> {
  mkdirSync(dir, { recursive: true });
  const passwordFile = join(dir, 'password');
  const complete = join(dir, 'complete');
  if (existsSync(complete)) return readFileSync(passwordFile, 'utf8').trim();
  rmSync(join(dir, 'data'), { recursive: true, force: true });
  const password = randomBytes(16).toString('hex');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (runsAsRoot()) {
    chownSync(dir, NOBODY, NOBODY);
    chownSync(passwordFile, NOBODY, NOBODY);
  }
  chmodSync(dir, 0o700);
  const args = ['-D', join(dir, 'data'), '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  args.push('-N', '--no-locale', '-E', 'UTF8');
  try {
    await promisify(execFile)(join(folder, 'bin', 'initdb'), args, {
      cwd: dir,
      env: environment(),
      ...identity(),
    });
  } catch (error) {
    throw new Error(`PostgreSQL's initdb failed: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  writeFileSync(complete, '');
  return password;
}

/** The server must not follow PG… variables of the caller, which may point at another server or folder. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'));
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

function identity(): { uid?: number; gid?: number } {
  return runsAsRoot() ? { uid: NOBODY, gid: NOBODY } : {};
}
