import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { reclaimFolder } from './claim.ts';
import type { OrgRequest } from './cloud-parts.ts';
import type { CloudReply } from './cloud-process.ts';
import type { TemporalServerPrograms } from './temporal-server.ts';

/** A running local cloud: PostgreSQL, S3, SQS, Glue, Athena, the Redshift Data API, Snowflake, Temporal, MariaDB and Salesforce orgs on 127.0.0.1. */
export interface LocalCloud {
  /** The folder with all its data and logs. */
  readonly dir: string;
  /** The standard variables of the AWS SDK and of Temporal that point at it, and REEFLINE_CATALOG_URL. */
  readonly env: Record<string, string>;
  /** URL of the database `postgres` for PostgreSQL's superuser. */
  readonly postgresUrl: string;
  /** `mysql://` URL of a user who may do everything, or empty when MySQL was not asked for or MariaDB is not installed. */
  readonly mysqlUrl: string;
  /** Login URL of each Salesforce org that was asked for. */
  readonly salesforceUrls: Readonly<Record<string, string>>;
  /** `host:port`, or empty when Temporal was not asked for. */
  readonly temporalAddress: string;
  /** Address of the Web UI, or empty when Temporal was not asked for. */
  readonly temporalUiUrl: string;
  /**
   * Ends every process and, unless `keep` was asked for, removes the data. May be called twice.
   * @throws when its process had to be killed, because it did not end by itself.
   */
  stop(): Promise<void>;
}

/** What to start, and where. */
export interface LocalCloudOptions {
  /** Folder for all data and logs; it must be new, empty or a cloud's own. Default: a new temporary one. */
  readonly dir?: string;
  /** Start Temporal too. Default: true. */
  readonly temporal?: boolean;
  /** Start this Temporal server, with PostgreSQL behind it, instead of the development server. It has no Web UI. */
  readonly temporalServer?: TemporalServerPrograms;
  /** Search attributes that are added while it runs are known to the development server at once, at a price (local/temporal.ts). Default: false. */
  readonly attributesAtOnce?: boolean;
  /** Start the system's MariaDB too, when it is installed; `log` is told when it is not. Default: false. */
  readonly mysql?: boolean;
  /** Start these Salesforce orgs too, by name. Default: none. */
  readonly salesforce?: Readonly<Record<string, OrgRequest>>;
  /** Leave the data after `stop`, for the next start in the same folder. Default: false. */
  readonly keep?: boolean;
  /** Milliseconds that its process has to end in order before it is killed. Default: 120,000. */
  readonly patience?: number;
  /** Receives a line of progress now and then. */
  readonly log?: (line: string) => void;
}

type CloudChild = ChildProcessByStdio<Writable, Readable, Readable>;

const TEMPORARY_PREFIX = 'reefline-cloud-';

/** As root, PostgreSQL runs as another user, who must be able to reach its own sub-folder whatever the umask is. */
const ENTERABLE = 0o711;

/**
 * Starts the local cloud in one child process. It ends with this process, also when this process is killed; what a
 * killed cloud left behind is ended and removed by this process or by the next start.
 * @throws when a cloud already runs in the folder, or when a part does not start, saying which and why.
 */
export async function startLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const dir = await prepareFolder(options.dir);
  const request = JSON.stringify({
    dir,
    temporal: options.temporal ?? true,
    temporalServer: options.temporalServer,
    attributesAtOnce: options.attributesAtOnce ?? false,
    keep: options.keep ?? false,
    mysql: options.mysql ?? false,
    salesforce: options.salesforce ?? {},
  });
  const program = fileURLToPath(new URL('./cloud-process.ts', import.meta.url));
  // A process group of its own: Ctrl-C reaches the caller only, which then stops the cloud in its own order.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, request], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const gone = new Promise<void>((done) => {
    child.once('exit', () => done());
    child.once('error', () => done());
  });
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    complaints.push(line);
    if (complaints.length > 20) complaints.shift();
    options.log?.(line);
  });
  // A cloud that was killed cannot end its own programs.
  const cleaned = gone.then(() => reclaimFolder(dir));
  cleaned.catch(() => undefined);

  const reply = await Promise.race([firstReply(child), gone.then(() => undefined)]);
  if (reply?.ok !== true) {
    await cleaned;
    const why = reply?.problem ?? `its process ended early.\n${complaints.join('\n')}`;
    throw new Error(`The local cloud did not start: ${why}`);
  }
  releaseEventLoop(child);
  return {
    dir,
    ...reply.addresses,
    async stop() {
      child.ref();
      child.stdin.end();
      const patience = options.patience ?? 120_000;
      const clock = new AbortController();
      const late = sleep(patience, true, { signal: clock.signal });
      const killed = await Promise.race([gone.then(() => false), late]);
      clock.abort();
      if (killed) child.kill('SIGKILL');
      await gone;
      await cleaned;
      if (killed)
        throw new Error(
          `The local cloud did not end within ${String(patience / 1000)} s, and was killed. Its last lines:\n${complaints.join('\n')}`,
        );
    },
  };
}

async function prepareFolder(wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) {
    const made = mkdirSync(wanted, { recursive: true });
    if (made !== undefined) chmodSync(wanted, ENTERABLE);
    return realpathSync(resolve(wanted));
  }
  return temporaryCloudFolder();
}

/** A new temporary folder for a claim; first removes what clouds in such folders have left when they and their starters were killed. */
export async function temporaryCloudFolder(): Promise<string> {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), TEMPORARY_PREFIX));
  chmodSync(dir, ENTERABLE);
  await sweepAbandoned(dir);
  return dir;
}

async function sweepAbandoned(own: string): Promise<void> {
  const parent = dirname(own);
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(TEMPORARY_PREFIX) || name === basename(own)) continue;
    // A folder of another user cannot be read, and is that user's to remove.
    await reclaimFolder(join(parent, name)).catch(() => undefined);
  }
}

async function firstReply(child: CloudChild): Promise<CloudReply> {
  return new Promise((done) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      done(JSON.parse(line) as CloudReply);
    });
  });
}

/** A caller that ends without `stop` must not be held by the pipes; the cloud notices their end. */
function releaseEventLoop(child: CloudChild): void {
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) {
    // The pipes of a child process are sockets, which the types do not say.
    if (pipe instanceof Socket) pipe.unref();
  }
}
