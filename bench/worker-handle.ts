import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FirstLine } from './first-line.ts';

/** A worker process of the bench. */
export interface WorkerHandle {
  readonly pid: number;
  /** Resolves with the first line of the stage or activity `key`, whether it was reached before or will be. */
  firstLine(key: string): Promise<FirstLine>;
  /** How often `key` was reached so far. */
  timesReached(key: string): number;
  stop(): Promise<void>;
}

/** Time for a worker to finish before it is killed, in milliseconds. */
const PATIENCE = 15_000;

/** Starts `node <program>` with an IPC channel that ends it when this process ends. `profile`: a folder for the profile of its CPU. */
export function startWorker(program: URL, environment: NodeJS.ProcessEnv, profile?: string): WorkerHandle {
  const child = fork(fileURLToPath(program), {
    env: { ...process.env, ...environment },
    execArgv: [
      '--disable-warning=ExperimentalWarning',
      ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
    ],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const lines = new Map<string, FirstLine>();
  const counts = new Map<string, number>();
  const waiting = new Map<string, (line: FirstLine) => void>();
  child.on('message', (message) => {
    const line = message as FirstLine;
    counts.set(line.key, (counts.get(line.key) ?? 0) + 1);
    if (!lines.has(line.key)) lines.set(line.key, line);
    waiting.get(line.key)?.(line);
    waiting.delete(line.key);
  });
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
  });
  const died = ended.then((how) => Promise.reject(new Error(`A worker of the bench ended early (${how}).`)));
  died.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    firstLine: (key) => {
      const known = lines.get(key);
      if (known !== undefined) return Promise.resolve(known);
      return Promise.race([new Promise<FirstLine>((resolve) => waiting.set(key, resolve)), died]);
    },
    timesReached: (key) => counts.get(key) ?? 0,
    stop: () => stop(child, ended),
  };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  if (child.connected) child.disconnect();
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await ended;
  clearTimeout(patience);
}
