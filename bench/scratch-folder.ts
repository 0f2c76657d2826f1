import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf, findProcesses, signal } from '../local/process-table.ts';

/** The name says which process works there. */
const NAME = /^reefline-bench-[a-z]+-(\d+)-[^-]+$/u;

/** A new folder of this process for the files of a measurement, which removes it when it ends. */
export function makeScratchFolder(measurement: string, parent = tmpdir()): string {
  return mkdtempSync(join(realpathSync(parent), `reefline-bench-${measurement}-${String(process.pid)}-`));
}

/** Removes what benches that were killed have left, and ends the programs that still work there. */
export function removeAbandonedFolders(parent = tmpdir()): void {
  const real = realpathSync(parent);
  for (const name of readdirSync(real)) {
    const [, pid] = NAME.exec(name) ?? [];
    // Where the id belongs to another process by now, the folder waits until that one has ended.
    if (pid === undefined || commandOf(Number(pid)) !== undefined) continue;
    const folder = join(real, name);
    for (const program of findProcesses((command) => command.includes(folder)))
      signal(program.pid, 'SIGKILL');
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Of another user, who removes it.
    }
  }
}
