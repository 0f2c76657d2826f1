import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The Temporal command line program: `TEMPORAL_CLI_PATH`, else what `npm run setup` recorded in the project's
 * cache folder (`REEFLINE_CACHE`, default `.cache`), else `temporal` on the PATH.
 * @throws when there is none, naming the cure.
 */
export function temporalCli(environment: NodeJS.ProcessEnv = process.env): string {
  const asked = environment['TEMPORAL_CLI_PATH'];
  if (asked !== undefined && asked !== '') {
    if (isProgram(asked)) return asked;
    throw new Error(`TEMPORAL_CLI_PATH names ${asked}, which is not a program that can be run.`);
  }
  const found = recorded(environment) ?? onPath(environment);
  if (found !== undefined) return found;
  throw new Error('The Temporal command line program is missing. Run `npm run setup`, which fetches it.');
}

function recorded(environment: NodeJS.ProcessEnv): string | undefined {
  const project = fileURLToPath(new URL('..', import.meta.url));
  const file = join(environment['REEFLINE_CACHE'] ?? join(project, '.cache'), 'temporal-cli.json');
  if (!existsSync(file)) return undefined;
  const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const path =
    typeof record === 'object' && record !== null && 'path' in record && typeof record.path === 'string'
      ? record.path
      : undefined;
  return path !== undefined && isProgram(path) ? path : undefined;
}

function onPath(environment: NodeJS.ProcessEnv): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, 'temporal')).find((path) => isProgram(path));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
