import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandOf, findProcesses, signal } from './process-table.ts';

/** What a cloud writes into its folder, so that a later start can tell whether it lives and what it left. */
interface ClaimRecord {
  readonly pid: number;
  /** Command line of the owner: with it a reused process id is not mistaken for the owner. */
  readonly command: string;
  /** Keep the data for the next start. */
  readonly keep: boolean;
  /** Exact command lines of the programs that the owner starts; each contains the folder, so each is unique. */
  readonly programs: readonly string[];
  /** Folders outside the cloud's own that hold some of its data. */
  readonly elsewhere: readonly string[];
}

/** The right of one process to use a folder. */
export interface Claim {
  /** Records a program before it is started. */
  announce(command: string): void;
  /** Records a folder outside before it is used. */
  addFolder(path: string): void;
  /** The folders outside that an earlier start with `keep` has left. */
  readonly elsewhere: readonly string[];
  /** Gives the folder back; without `keep` its data is removed, and the folder too when nothing else is in it. */
  release(): void;
}

const RECORD = 'cloud.json';

/** The sub-folders that hold data; nothing else in the folder is ever removed. */
export const PARTS = [
  'postgres',
  'mariadb',
  'object-store',
  'temporal',
  'glue',
  'athena',
  'redshift-data',
  'snowflake',
  'salesforce',
] as const;

/**
 * Takes `dir` for this process, after ending and removing what a killed owner has left.
 * @throws when a living process owns the folder, or when it holds files that are not a cloud's.
 */
export async function claimFolder(dir: string, keep: boolean): Promise<Claim> {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, RECORD);
  const earlier = await recover(dir);
  const state = { elsewhere: [...(earlier?.elsewhere ?? [])], programs: new Array<string>() };
  const record = (): ClaimRecord => ({
    pid: process.pid,
    command: commandOf(process.pid) ?? '',
    keep,
    programs: state.programs,
    elsewhere: state.elsewhere,
  });
  const rewrite = (): void => {
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(record()), { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
  };
  createRecord(path, record(), dir);
  return {
    elsewhere: state.elsewhere,
    announce(command) {
      state.programs.push(command);
      rewrite();
    },
    addFolder(folder) {
      state.elsewhere.push(folder);
      rewrite();
    },
    release() {
      if (keep) return;
      removeData(dir, record());
    },
  };
}

/** Ends and removes what the dead owner of `dir` has left. Does nothing when nobody has used the folder. */
export async function reclaimFolder(dir: string): Promise<void> {
  const record = readRecord(join(dir, RECORD));
  if (record === undefined || isAlive(record)) return;
  await endPrograms(record);
  if (!record.keep) removeData(dir, record);
}

/** Answers the record whose data the next owner continues with, if there is one. */
async function recover(dir: string): Promise<ClaimRecord | undefined> {
  const path = join(dir, RECORD);
  const earlier = readRecord(path);
  if (earlier === undefined) {
    const foreign = readdirSync(dir).filter((name) => !name.startsWith(RECORD));
    if (foreign.length === 0) return undefined;
    throw new Error(
      `${dir} is not empty and no local cloud made it (it holds ${foreign[0] ?? ''}). Choose another.`,
    );
  }
  if (isAlive(earlier)) throw inUse(dir, earlier.pid);
  await endPrograms(earlier);
  // Of two starts that both found the dead owner, the one whose rename succeeds goes on.
  const aside = `${path}.stale.${process.pid}`;
  renameSync(path, aside);
  const moved = readRecord(aside);
  if (moved !== undefined && isAlive(moved)) {
    linkSync(aside, path);
    rmSync(aside);
    throw inUse(dir, moved.pid);
  }
  rmSync(aside);
  if (earlier.keep) return earlier;
  removeParts(dir, earlier);
  return undefined;
}

/** A link is made only when no record is there, and the record is complete the moment that it appears. */
function createRecord(path: string, record: ClaimRecord, dir: string): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(record), { mode: 0o600 });
  try {
    linkSync(temporary, path);
  } catch (error) {
    const owner = readRecord(path);
    throw owner === undefined ? error : inUse(dir, owner.pid);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function inUse(dir: string, pid: number): Error {
  return new Error(`A local cloud already runs in ${dir} (process ${pid}). Stop it, or use another folder.`);
}

function readRecord(path: string): ClaimRecord | undefined {
  if (!existsSync(path)) return undefined;
  return JSON.parse(readFileSync(path, 'utf8')) as ClaimRecord;
}

function isAlive(record: ClaimRecord): boolean {
  return commandOf(record.pid) === record.command;
}

/** Ends the programs of a dead owner, first politely. */
async function endPrograms(record: ClaimRecord): Promise<void> {
  const wanted = new Set(record.programs);
  // Ten seconds of politeness, then ten of force: SIGQUIT lets PostgreSQL end its own processes.
  for (let round = 0; round < 200; round += 1) {
    const left = findProcesses((command) => wanted.has(command));
    if (left.length === 0) return;
    if (round === 0) for (const { pid } of left) signal(pid, 'SIGQUIT');
    if (round === 100) for (const { pid } of left) signal(pid, 'SIGKILL');
    await sleep(100);
  }
  throw new Error(`Processes of an earlier local cloud do not end: ${record.programs.join('; ')}`);
}

function removeParts(dir: string, record: ClaimRecord): void {
  for (const part of PARTS) rmSync(join(dir, part), { recursive: true, force: true });
  for (const folder of record.elsewhere) rmSync(folder, { recursive: true, force: true });
}

function removeData(dir: string, record: ClaimRecord): void {
  removeParts(dir, record);
  rmSync(join(dir, RECORD), { force: true });
  try {
    rmdirSync(dir);
  } catch {
    // Somebody has put other files there; they are not ours to remove.
  }
}
