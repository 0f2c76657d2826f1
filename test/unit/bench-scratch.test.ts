import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeScratchFolder, removeAbandonedFolders } from '../../bench/scratch-folder.ts';

let parent: string;
beforeEach(() => {
  parent = realpathSync(mkdtempSync(join(tmpdir(), 'reefline-scratch-')));
});
afterEach(() => {
  rmSync(parent, { recursive: true });
});

function idle(...more: string[]): ChildProcess {
  return spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1_000)', ...more], { stdio: 'ignore' });
}

async function killed(program: ChildProcess): Promise<number> {
  const ended = once(program, 'exit');
  program.kill('SIGKILL');
  await ended;
  return program.pid ?? 0;
}

/** As the process of this id would have made it. */
function folderOf(pid: number | undefined): string {
  const folder = join(parent, `reefline-bench-load-${String(pid)}-aB3x9z`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'rows'), '1');
  return folder;
}

test('folders of benches that were killed go, with the programs that still work there, and no others', async () => {
  const living = idle();
  const abandoned = folderOf(await killed(idle()));
  const program = idle(join(abandoned, 'rows'));
  const ended = once(program, 'exit');
  const kept = [folderOf(living.pid), makeScratchFolder('load', parent)];
  mkdirSync(join(parent, 'reefline-bench-notes'));
  removeAbandonedFolders(parent);
  await ended;
  expect(existsSync(abandoned)).toBe(false);
  expect([...kept, join(parent, 'reefline-bench-notes')].filter((folder) => !existsSync(folder))).toEqual([]);
  await killed(living);
  removeAbandonedFolders(parent);
  expect(kept.map((folder) => existsSync(folder))).toEqual([false, true]);
});
