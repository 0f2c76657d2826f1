import { readFileSync } from 'node:fs';

/** The most memory that a process has had in RAM, in MiB; 0 when it has ended, and where there is no /proc. */
export function peakMemory(pid: number): number {
  try {
    const [, kibibytes = '0'] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
    return Math.round(Number(kibibytes) / 1024);
  } catch {
    return 0;
  }
}
