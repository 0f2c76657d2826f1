import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** A process of this machine and its command line, arguments joined with one blank. */
export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * The command line of a process, or undefined when there is no such process or it has ended and only waits to be
 * reaped. A process is recognised by its command line rather than by its id, because ids are reused.
 */
export function commandOf(pid: number): string | undefined {
  if (!existsSync('/proc/self/cmdline')) {
    return listWithPs(['-p', String(pid)]).find((entry) => entry.pid === pid)?.command;
  }
  try {
    const raw = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return raw === '' ? undefined : raw.replace(/\0$/, '').split('\0').join(' ');
  } catch {
    return undefined;
  }
}

/** Every process whose command line `wanted` accepts. */
export function findProcesses(wanted: (command: string) => boolean): RunningProcess[] {
  if (!existsSync('/proc/self/cmdline')) return listWithPs(['-ax']).filter((entry) => wanted(entry.command));
  const found: RunningProcess[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const command = commandOf(Number(name));
    if (command !== undefined && wanted(command)) found.push({ pid: Number(name), command });
  }
  return found;
}

/** Sends a signal; a process that has ended meanwhile is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function listWithPs(selection: readonly string[]): RunningProcess[] {
  let output: string;
  try {
    output = execFileSync('ps', ['-ww', ...selection, '-o', 'pid=,command='], { encoding: 'utf8' });
  } catch {
    return [];
  }
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\d+) (.*)$/.exec(line);
    return match?.[1] !== undefined && match[2] !== undefined
      ? [{ pid: Number(match[1]), command: match[2] }]
      : [];
  });
}
