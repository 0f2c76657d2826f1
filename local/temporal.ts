import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './free-port.ts';
import { accepts, startServerProcess, waitUntilReady, type ServerProcess } from './server-process.ts';
import { temporalCli } from './temporal-cli.ts';

/** A running Temporal development server with its Web UI. */
export interface LocalTemporal {
  /** `host:port` of the gRPC front end. */
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  stop(): Promise<void>;
}

/** How to start the Temporal development server. */
export interface LocalTemporalOptions {
  /** Folder for the database file and the log. */
  readonly dir: string;
  /** Told the exact command line before the server is started. */
  readonly announce: (command: string) => void;
  /**
   * A search attribute that is added while it runs is known at once, for which the server reads its database whenever it uses one. Else it
   * is known within two seconds. Default: false.
   */
  readonly attributesAtOnce?: boolean;
}

const NAMESPACE = 'default';
const ATTEMPTS = 5;

/** A start that took longer than this failed for another reason than a port; it is not tried again. */
const PATIENCE_MS = 10_000;

/** The search attributes that Reefline's workflows set; SQL visibility allows ten Keywords. */
const SEARCH_ATTRIBUTES = {
  Pipeline: 'Keyword',
  Stage: 'Keyword',
  Dataset: 'Keyword',
  Timelabel: 'Keyword',
  Trigger: 'Keyword',
  Revision: 'Int',
} as const;

/**
 * The development server polls the transfer queue of its single shard at most 20 times a second unless told
 * otherwise, which adds up to 50 ms to every workflow task. And it looks for timers so seldom that one of 200 ms takes a second:
 * with a time shift of 20 ms, twelve of them in a row take 2.9 s instead of 12.1 s. Task queues have one partition instead of four: one server
 * has nobody to share them with, and the order by priority is exact in one. The last two are about bursts (docs/performance.md): its queues
 * would at times be searched through for each new task, and tasks for a router would fail for its lock and be tried again, where they can
 * wait in a row.
 */
const DYNAMIC_CONFIG = {
  'history.transferProcessorMaxPollRPS': '2000',
  'history.timerProcessorMaxPollRPS': '2000',
  'history.timerProcessorMaxTimeShift': '"20ms"',
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
  'history.queueShrinkPredicateMaxPendingKeys': '0',
  'history.taskSchedulerEnableExecutionQueueScheduler': 'true',
} as const;

/** The development server, unlike others, reads its database for each use of a search attribute unless told otherwise, a dozen times for a run. */
const ATTRIBUTES_AT_ONCE = 'system.forceSearchAttributesCacheRefreshOnRead';

/**
 * The database holds throw-away data, so a commit need not wait for the disk: that alone halves the time of an event
 * to its stage. What is committed survives the end of the process, though not that of the machine.
 */
const DATABASE = { journal_mode: 'WAL', synchronous: 'OFF' } as const;

/**
 * The server makes much short-lived memory and collects it, by default, whenever what it holds has doubled, which is a twelfth of its CPU in a burst.
 * It may grow further between collections, up to the second figure (https://go.dev/doc/gc-guide).
 */
const MEMORY = { GOGC: '400', GOMEMLIMIT: '1GiB' } as const;

/** Starts the server on free ports of 127.0.0.1 and waits until its namespace and search attributes exist. */
export async function startTemporal(options: LocalTemporalOptions): Promise<LocalTemporal> {
  mkdirSync(options.dir, { recursive: true });
  const cli = temporalCli();
  for (let attempt = 1; ; attempt += 1) {
    const ports = { grpc: await freePort(), ui: await freePort() };
    const begun = performance.now();
    try {
      const server = await startOn(ports, cli, options);
      return {
        address: `127.0.0.1:${ports.grpc}`,
        namespace: NAMESPACE,
        uiUrl: `http://127.0.0.1:${ports.ui}`,
        stop: () => server.stop('SIGTERM'),
      };
    } catch (error) {
      // The usual reason is that another process took a port between our look and our start.
      if (attempt === ATTEMPTS || performance.now() - begun > PATIENCE_MS) throw error;
    }
  }
}

interface Ports {
  readonly grpc: number;
  readonly ui: number;
}

async function startOn(ports: Ports, cli: string, options: LocalTemporalOptions): Promise<ServerProcess> {
  const args = serverArguments(ports, options);
  options.announce([cli, ...args].join(' '));
  const logFile = join(options.dir, 'temporal.log');
  const server = startServerProcess({
    name: 'Temporal',
    command: cli,
    args,
    logFile,
    cwd: options.dir,
    env: { ...MEMORY, ...environment() },
  });
  try {
    await waitUntilReady('Temporal', server, () => accepts(ports.grpc), 60_000);
    await waitUntilReady('Temporal', server, () => knowsSearchAttributes(cli, ports.grpc), 60_000);
    return server;
  } catch (error) {
    await server.stop('SIGKILL');
    throw error;
  }
}

function serverArguments(ports: Ports, { dir, attributesAtOnce = false }: LocalTemporalOptions): string[] {
  const settings = { ...DYNAMIC_CONFIG, [ATTRIBUTES_AT_ONCE]: String(attributesAtOnce) };
  return [
    ...['server', 'start-dev', '--db-filename', join(dir, 'temporal.db')],
    ...['--ip', '127.0.0.1', '--port', String(ports.grpc)],
    ...['--ui-ip', '127.0.0.1', '--ui-port', String(ports.ui)],
    ...['--log-level', 'warn'],
    ...Object.entries(DATABASE).flatMap(([name, value]) => ['--sqlite-pragma', `${name}=${value}`]),
    ...Object.entries(settings).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
    ...Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}

/** Search attributes come with the namespace, so this one question tells that both are there. */
async function knowsSearchAttributes(cli: string, port: number): Promise<boolean> {
  const args = ['operator', 'search-attribute', 'list', '--namespace', NAMESPACE, '--output', 'json'];
  try {
    const { stdout } = await promisify(execFile)(cli, [...args, '--address', `127.0.0.1:${port}`], {
      timeout: 10_000,
      env: environment(),
    });
    return Object.keys(SEARCH_ATTRIBUTES).every((name) => stdout.includes(`"${name}"`));
  } catch {
    return false;
  }
}

/** The program must not follow TEMPORAL_… variables of the caller, which may point at another cluster. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}
