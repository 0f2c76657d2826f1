import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Ticks per second in /proc, the same on every Linux. */
const TICKS = 100;

interface Usage {
  readonly parent: number;
  readonly seconds: number;
  /** Of children that have ended, and were waited for. */
  readonly reaped: number;
}

/**
 * CPU seconds, user and system, that a process has used so far, with its children when asked for: also those that have ended, such as a
 * session of PostgreSQL that was idle, or what they used would be missing from the next reading.
 */
export function cpuSeconds(pid: number, withChildren = false): number {
  const all = withChildren ? everyProcess() : new Map([[pid, usageOf(pid)]]);
  let sum = withChildren ? (all.get(pid)?.reaped ?? 0) : 0;
  for (const [id, usage] of all) if (id === pid || usage.parent === pid) sum += usage.seconds;
  return sum;
}

function everyProcess(): Map<number, Usage> {
  if (!existsSync('/proc/self/stat')) return fromPs(['-ax']);
  const found = new Map<number, Usage>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      found.set(Number(name), usageOf(Number(name)));
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

function usageOf(pid: number): Usage {
  if (!existsSync('/proc/self/stat')) {
    const usage = fromPs(['-p', String(pid)]).get(pid);
    if (usage === undefined) throw new Error(`There is no process ${String(pid)}.`);
    return usage;
  }
  const text = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  // The second field is the program's name, which may hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (from: number): number => (Number(fields[from]) + Number(fields[from + 1])) / TICKS;
  return { parent: Number(fields[1]), seconds: ticks(11), reaped: ticks(13) };
}

/** For systems without /proc: `ps` prints the time as [days-][hours:]minutes:seconds, and nothing of children that have ended. */
function fromPs(selection: readonly string[]): Map<number, Usage> {
  const output = execFileSync('ps', [...selection, '-o', 'pid=,ppid=,time='], { encoding: 'utf8' });
  const found = new Map<number, Usage>();
  for (const line of output.split('\n')) {
    const [pid, parent, time] = line.trim().split(/\s+/);
    if (pid === undefined || parent === undefined || time === undefined) continue;
    const [days, rest] = time.includes('-') ? time.split('-') : ['0', time];
    const seconds = (rest ?? '0').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    found.set(Number(pid), { parent: Number(parent), seconds: Number(days) * 86_400 + seconds, reaped: 0 });
  }
  return found;
}
