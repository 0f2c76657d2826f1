import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Memory that a process holds, in MiB, with its children when asked for; pages that processes share count once. */
export function residentMb(pid: number, withChildren = false): number {
  const all = withChildren ? [pid, ...childrenOf(pid)] : [pid];
  return Math.round(all.reduce((sum, one) => sum + kibibytes(one), 0) / 1_024);
}

function childrenOf(pid: number): number[] {
  const output = execFileSync('ps', ['-ax', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return output.split('\n').flatMap((line) => {
    const [child, parent] = line.trim().split(/\s+/).map(Number);
    return parent === pid && child !== undefined ? [child] : [];
  });
}

/** The part of shared pages that falls to the process (Linux), or its whole resident size elsewhere. Zero when it has ended. */
function kibibytes(pid: number): number {
  const file = `/proc/${String(pid)}/smaps_rollup`;
  try {
    if (existsSync('/proc/self/smaps_rollup'))
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }).trim());
  } catch {
    return 0;
  }
}
