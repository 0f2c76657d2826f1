import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** A child process that lives as long as this one holds its standard input: it ends with us however we end. */
export interface HeldProcess {
  readonly stdout: AsyncIterable<string>;
  /** Resolves when it has ended, with how: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  /** Lets go of it and waits for its end; after `patience` milliseconds it is killed. */
  stop(patience: number): Promise<void>;
}

/** Starts a Node.js program of this package. `onLine` gets what it writes to standard error, line by line. */
export function holdProcess(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void,
): HeldProcess {
  // A process group of its own: Ctrl-C reaches us only, and we end everything in the right order.
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...args],
    { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  // It may have ended when we let go.
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stderr }).on('line', onLine);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${String(code)}`));
    child.once('error', (error) => resolve(error.message));
  });
  return {
    stdout: createInterface({ input: child.stdout }),
    ended,
    async stop(patience) {
      child.stdin.end();
      const impatient = setTimeout(() => child.kill('SIGKILL'), patience);
      await ended;
      clearTimeout(impatient);
    },
  };
}
