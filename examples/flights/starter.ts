import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Milliseconds between two looks. */
const PAUSE = 2_000;

/**
 * Calls back once when the npm that started this process is gone. Killed hard, it takes along neither the shell that
 * it runs scripts in nor what runs in that shell. A process that npm did not start is left alone.
 */
export function whenStarterEnds(gone: () => void, environment: NodeJS.ProcessEnv): void {
  if (environment['npm_lifecycle_event'] === undefined) return;
  const shell = process.ppid;
  const npm = parentOf(shell);
  const timer = setInterval(() => {
    if (process.ppid === shell && parentOf(shell) === npm) return;
    clearInterval(timer);
    gone();
  }, PAUSE);
  timer.unref();
}

/** The id of a process's parent, or undefined when it cannot be told. */
function parentOf(pid: number): number | undefined {
  try {
    if (!existsSync('/proc/self/stat'))
      return Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(pid)], { encoding: 'utf8' }));
    // `pid (name) state ppid …`, where the name may hold anything.
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    return Number(
      stat
        .slice(stat.lastIndexOf(')') + 1)
        .trim()
        .split(' ')[1],
    );
  } catch {
    return undefined;
  }
}
