import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A running `workers/main.ts`. */
export interface WorkerProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Rejects when the worker ends although nobody stopped it, with the end of its log; otherwise never settles. */
  readonly died: Promise<never>;
  stop(): Promise<void>;
  /** Ends it with SIGKILL, at whatever line it is. */
  kill(): Promise<void>;
}

const WORKER = fileURLToPath(new URL('../../workers/main.ts', import.meta.url));
const TETHER = new URL('../../cli/dev/end-with-starter.ts', import.meta.url).href;
/** Time to drain before the worker is killed, in milliseconds; the tether gives up a little earlier. */
const PATIENCE = 8_000;

/**
 * Starts a worker process that ends with this one. What it says goes to `logFile`; `program` is its `workers/main.ts`, and the
 * modules of `preloaded` (addresses) are loaded before it.
 */
export function startWorker(
  environment: NodeJS.ProcessEnv,
  logFile: string,
  program: string = WORKER,
  preloaded: readonly string[] = [],
): WorkerProcess {
  const log = openSync(logFile, 'a');
  const imports = [TETHER, ...preloaded].flatMap((module) => ['--import', module]);
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...imports, program],
    // A process group of its own: Ctrl-C reaches the demo only, which then stops everything in its own order.
    { env: environment, stdio: ['pipe', log, log], detached: true },
  );
  closeSync(log);
  let stopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
    child.once('error', (error) => resolve(error.message));
  });
  const died = ended.then((how) => {
    if (stopping) return new Promise<never>(() => undefined);
    throw new Error(`The worker process ended (${how}). The end of ${logFile}:\n${endOf(logFile)}`);
  });
  // Whoever waits for something races with it; before that nobody may be listening.
  died.catch(() => undefined);
  return {
    pid: child.pid,
    died,
    async stop() {
      stopping = true;
      await stop(child, ended);
    },
    async kill() {
      stopping = true;
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  child.stdin?.end();
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await ended;
  clearTimeout(patience);
}

function endOf(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
}
