import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Ticks per second in /proc, the same on every Linux. */
const TICKS = 100;

interface Usage {
  readonly parent: number;
  readonly seconds: number;
}

/** CPU seconds, user and system, that a process has used so far, with its children when asked for. */
export function cpuSeconds(pid: number, withChildren = false): number {
  const all = withChildren ? everyProcess() : new Map([[pid, usageOf(pid)]]);
  let sum = 0;
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
  return { parent: Number(fields[1]), seconds: (Number(fields[11]) + Number(fields[12])) / TICKS };
}

/** For systems without /proc: `ps` prints the time as [days-][hours:]minutes:seconds. */
function fromPs(selection: readonly string[]): Map<number, Usage> {
  const output = execFileSync('ps', [...selection, '-o', 'pid=,ppid=,time='], { encoding: 'utf8' });
  const found = new Map<number, Usage>();
  for (const line of output.split('\n')) {
    const [pid, parent, time] = line.trim().split(/\s+/);
    if (pid === undefined || parent === undefined || time === undefined) continue;
    const [days, rest] = time.includes('-') ? time.split('-') : ['0', time];
    const seconds = (rest ?? '0').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    found.set(Number(pid), { parent: Number(parent), seconds: Number(days) * 86_400 + seconds });
  }
  return found;
}
