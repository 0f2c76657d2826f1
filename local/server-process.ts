import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How to start one server program of the local cloud. */
export interface ServerProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** File that receives standard output and standard error. */
  readonly logFile: string;
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
}

/** A started server program. */
export interface ServerProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when the program has ended, or could not be started. */
  readonly ended: Promise<void>;
  /** Throws, with the end of its log, when the program has ended although nobody stopped it. */
  assertRunning(): void;
  /** Sends `gently` and, after ten seconds, SIGKILL; resolves when the process is gone. */
  stop(gently: NodeJS.Signals): Promise<void>;
}

/** Starts a program with its output in a file, so that a chatty server never fills a pipe. */
export function startServerProcess(program: ServerProgram): ServerProcess {
  const log = openSync(program.logFile, 'a');
  const child = spawn(program.command, [...program.args], {
    cwd: program.cwd,
    stdio: ['ignore', log, log],
    env: program.env ?? process.env,
    ...(program.uid === undefined ? {} : { uid: program.uid }),
    ...(program.gid === undefined ? {} : { gid: program.gid }),
  });
  closeSync(log);
  let failure: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      failure = error;
      resolve();
    });
  });
  return {
    pid: child.pid,
    ended,
    assertRunning() {
      if (failure !== undefined) {
        throw new Error(`${program.name} could not be started: ${failure.message}`);
      }
      if (hasEnded(child)) {
        const how = child.signalCode ?? `exit code ${child.exitCode ?? 'unknown'}`;
        throw new Error(
          `${program.name} ended by itself (${how}). The end of its log:\n${tail(program.logFile)}`,
        );
      }
    },
    async stop(gently) {
      if (failure !== undefined || hasEnded(child)) return;
      child.kill(gently);
      const impatient = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(impatient);
    },
  };
}

/** True when something accepts a TCP connection on 127.0.0.1, which may be a server of somebody else's. */
export async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/**
 * Asks `ready` again and again until it says yes.
 * @throws when the process ends meanwhile, or after `limitMs` milliseconds.
 */
export async function waitUntilReady(
  name: string,
  server: ServerProcess,
  ready: () => boolean | Promise<boolean>,
  limitMs: number,
): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    // Whoever answers may be another server, which has the port that this one could not get.
    const isReady = await Promise.race([ready(), server.ended.then(() => false)]);
    server.assertRunning();
    if (isReady) return;
    if (Date.now() > deadline) {
      throw new Error(`${name} did not answer within ${Math.round(limitMs / 1000)} seconds.`);
    }
    await sleep(50);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function tail(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-15).join('\n');
  } catch {
    return '(no log was written)';
  }
}
