import { userInfo } from 'node:os';

/** A stream that a command writes to; process.stdout and process.stderr fit, and so does a test's. */
export interface Writable {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a command line has around it: where it writes, what its environment says, who called it and when. */
export interface Terminal {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** True when a person can answer a question. */
  readonly answers: boolean;
  readonly env: NodeJS.ProcessEnv;
  /** Name of the person or service, for the records of who decided something. */
  readonly actor: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Aborts at Ctrl-C or SIGTERM. Until a command asks for it, either ends the process at once. */
  readonly interruption: () => AbortSignal;
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  // A reader such as `head` that has seen enough is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    answers: process.stdin.isTTY && process.stdout.isTTY,
    env: process.env,
    actor: actorOf(process.env),
    now: Date.now,
    interruption: interruptionOfProcess,
  };
}

/** The login name. A container often runs as a user id that has none. */
function actorOf(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env['USER'] ?? 'unknown';
  }
}

function interruptionOfProcess(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
