/**
 * Loaded before a program (`node --import`), makes it end with the process that started it: its standard input is a
 * pipe that the starter holds, and a starter that dies, by whatever signal, lets go of it.
 */
import { isMainThread } from 'node:worker_threads';

/** Time to finish what runs, in milliseconds, before the process is killed. */
const GRACE = 5_000;

// Node loads this into every thread, and the standard input of the others is empty.
if (isMainThread) {
  process.stdin.on('close', end).on('error', end).resume();
  // The pipe alone must not keep a program alive that has nothing left to do.
  if ('unref' in process.stdin && typeof process.stdin.unref === 'function') process.stdin.unref();
}

function end(): void {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE).unref();
}
