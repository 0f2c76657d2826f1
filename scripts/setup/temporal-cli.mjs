import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DOWNLOADS, sha256, VERSION } from './temporal-downloads.mjs';

/** Older servers lack what Reefline uses: priorities, and current details shown in the Web UI. */
const OLDEST = [1, 4];

/** The program that needs no work: the one the user names, or the one that an earlier set-up recorded. */
export function readyTemporalCli(cache) {
  const named = process.env.TEMPORAL_CLI_PATH;
  if (named) return isProgram(named) ? named : undefined;
  const file = recordFile(cache);
  if (!existsSync(file)) return undefined;
  const { path } = JSON.parse(readFileSync(file, 'utf8'));
  return isProgram(path) ? path : undefined;
}

/**
 * Finds or fetches the Temporal command line program, records where it is, and answers what was done.
 * @throws with the reason of every attempt when all fail.
 */
export async function provideTemporalCli(cache) {
  if (process.env.TEMPORAL_CLI_PATH) {
    throw new Error(`TEMPORAL_CLI_PATH names ${process.env.TEMPORAL_CLI_PATH}, which cannot be run.`);
  }
  const reasons = [];
  for (const { name, attempt } of [
    { name: '`temporal` on the PATH', attempt: findOnPath },
    { name: 'the cache', attempt: () => findInCache(cache) },
    ...DOWNLOADS.map(({ name, fetch }) => ({ name, attempt: () => download(cache, fetch) })),
  ]) {
    try {
      const path = await attempt();
      const version = versionOf(path);
      record(cache, { path, version, source: name });
      return `Temporal CLI ${version} from ${name}`;
    } catch (error) {
      reasons.push(`  ${name}: ${error.message}`);
    }
  }
  throw new Error(
    'The Temporal CLI could not be found or fetched:\n' +
      `${reasons.join('\n')}\n` +
      'Install it (https://docs.temporal.io/cli) so that `temporal` is on the PATH, ' +
      'or set TEMPORAL_CLI_PATH to it, then run `npm run setup` again.',
  );
}

function findOnPath() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const path = folders.map((folder) => join(folder, 'temporal')).find(isProgram);
  if (path === undefined) throw new Error('there is none');
  const [major = 0, minor = 0] = versionOf(path).split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new Error(`${path} is version ${major}.${minor}, older than ${OLDEST.join('.')}`);
  }
  return path;
}

function findInCache(cache) {
  const path = target(cache);
  if (!isProgram(path)) throw new Error('there is none');
  return path;
}

/** Fetches into a folder of this process's own and moves the finished program into place. */
async function download(cache, fetch) {
  const path = target(cache);
  mkdirSync(join(path, '..'), { recursive: true });
  const folder = mkdtempSync(join(cache, 'temporal-download-'));
  try {
    const program = await fetch(folder);
    versionOf(program);
    renameSync(program, path);
    return path;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function target(cache) {
  return join(cache, 'temporal', VERSION, `${process.platform}-${process.arch}`, 'temporal');
}

function record(cache, entry) {
  const file = recordFile(cache);
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(entry)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

function recordFile(cache) {
  return join(cache, 'temporal-cli.json');
}

function versionOf(path) {
  const result = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  const version = /temporal version v?(\d+\.\d+\.\d+)/.exec(result.stdout ?? '')?.[1];
  if (version === undefined) {
    throw new Error(`${path} does not say its version (SHA-256 ${existsSync(path) ? sha256(path) : 'none'})`);
  }
  return version;
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
