import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDatabase } from './database.ts';
import { freePort } from './free-port.ts';
import { accepts, startServerProcess, waitUntilReady } from './server-process.ts';
import type { LocalTemporal } from './temporal.ts';
import { temporalCli } from './temporal-cli.ts';
import { serverConfig, SERVICES, type ServicePorts } from './temporal-server-config.ts';

/** Paths of what makes a Temporal server as production runs it. */
export interface TemporalServerPrograms {
  /** `temporal-server`. */
  readonly server: string;
  /** `temporal-sql-tool`, which makes its tables. */
  readonly sqlTool: string;
  /** The file of its dynamic configuration. */
  readonly dynamicConfig: string;
}

/** How to start a Temporal server that keeps its data in PostgreSQL. */
export interface TemporalServerOptions {
  /** Folder for the configuration and the log. */
  readonly dir: string;
  readonly programs: TemporalServerPrograms;
  /** URL of PostgreSQL's superuser; the server gets two databases of its own. */
  readonly postgresUrl: string;
  /** Told the exact command line before the server is started. */
  readonly announce: (command: string) => void;
}

const NAMESPACE = 'default';
const RETENTION = '24h';
const DATABASES = { temporal: 'temporal', temporal_visibility: 'visibility' } as const;

/**
 * Starts the four services of a Temporal server in one process, with PostgreSQL behind them, and waits until it has its
 * namespace. There is no Web UI. Search attributes are for `reefline apply` to add, as in production.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<LocalTemporal> {
  const { dir, programs, announce } = options;
  mkdirSync(dir, { recursive: true });
  for (const [database, schema] of Object.entries(DATABASES)) await makeTables(options, database, schema);
  const ports = await freePorts();
  const config = join(dir, 'server.yaml');
  // JSON is YAML. The file holds the password of the database.
  writeFileSync(config, JSON.stringify(serverConfig(ports, programs.dynamicConfig, options.postgresUrl)), {
    mode: 0o600,
  });
  const args = ['--config-file', config, '--allow-no-auth', 'start'];
  announce([programs.server, ...args].join(' '));
  const server = startServerProcess({
    name: 'Temporal',
    command: programs.server,
    args,
    logFile: join(dir, 'temporal.log'),
    cwd: dir,
    env: environment(),
  });
  const address = `127.0.0.1:${String(ports.frontend.grpc)}`;
  try {
    await waitUntilReady('Temporal', server, () => accepts(ports.frontend.grpc), 60_000);
    await waitUntilReady('Temporal', server, () => hasNamespace(address), 60_000);
  } catch (error) {
    await server.stop('SIGKILL');
    throw error;
  }
  return { address, namespace: NAMESPACE, uiUrl: '', stop: () => server.stop('SIGTERM') };
}

async function makeTables(
  { programs, postgresUrl }: TemporalServerOptions,
  database: string,
  schema: string,
): Promise<void> {
  await createDatabase(postgresUrl, database);
  const { hostname, port, username, password } = new URL(postgresUrl);
  const target = ['--plugin', 'postgres12', '--ep', hostname, '-p', port, '-u', username, '--db', database];
  // The password stays out of the command line, which every process of the machine may read.
  const env = { ...environment(), SQL_PASSWORD: decodeURIComponent(password) };
  const tables = ['--schema-name', `postgresql/v12/${schema}`];
  for (const work of [
    ['setup-schema', '-v', '0.0'],
    ['update-schema', ...tables],
  ])
    await promisify(execFile)(programs.sqlTool, [...target, ...work], { env });
}

async function freePorts(): Promise<ServicePorts> {
  const ports: [string, { grpc: number; membership: number }][] = [];
  for (const service of SERVICES)
    ports.push([service, { grpc: await freePort(), membership: await freePort() }]);
  return Object.fromEntries(ports) as unknown as ServicePorts;
}

async function hasNamespace(address: string): Promise<boolean> {
  const ask = async (...words: string[]): Promise<boolean> =>
    promisify(execFile)(temporalCli(), ['operator', 'namespace', ...words, '--address', address], {
      timeout: 10_000,
      env: environment(),
    }).then(
      () => true,
      () => false,
    );
  if (await ask('describe', '--namespace', NAMESPACE)) return true;
  return ask('create', '--namespace', NAMESPACE, '--retention', RETENTION);
}

/** The programs must not follow TEMPORAL_… variables of the caller, which may point at another cluster. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
