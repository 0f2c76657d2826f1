import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const PATIENCE_MS = 15 * 60_000;

/**
 * Runs `work` while no other process on this machine holds the lock file. The file carries the holder's process
 * id; a holder that was killed is noticed and replaced.
 */
export async function withLock(file, work) {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    await take(file, mine);
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

async function take(file, mine) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      // A link appears complete or not at all.
      linkSync(mine, file);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = holderOf(file);
    if (holder !== undefined && !isAlive(holder)) rmSync(file, { force: true });
    if (Date.now() > deadline) {
      throw new Error(`Another set-up (process ${holder}) holds ${file} for too long; remove that file.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
