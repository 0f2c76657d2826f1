import { readFileSync } from 'node:fs';
import { DEFAULT_CONCURRENT } from '../pipeline/backfill-request.ts';
import { readSyncRequest, type SyncRequest } from '../pipeline/sync-request.ts';
import { InvalidInput } from './invalid-input.ts';

/** The options of `sync create` as commander reads them. */
export interface SyncOptions {
  readonly full?: true;
  readonly columns?: string;
  readonly from?: string;
  readonly to?: string;
  readonly keys?: string;
  readonly keysFile?: string;
  readonly keyColumns?: string;
  readonly findDeletes?: true;
  readonly maxConcurrent?: number;
  readonly reason?: string;
  readonly id?: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

/** The request that the options make. @throws InvalidInput when they name no kind of sync, or several. */
export function syncRequest(
  stage: string,
  options: SyncOptions,
  how: { readonly by: string; readonly hold: boolean },
): SyncRequest {
  const { keyColumns, findDeletes, reason, dryRun } = options;
  const read = readSyncRequest({
    stage,
    ...selection(options),
    ...(keyColumns === undefined ? {} : { keyColumns: listOf(keyColumns) }),
    findDeletes: findDeletes === true,
    maxConcurrent: options.maxConcurrent ?? DEFAULT_CONCURRENT,
    reason,
    by: how.by,
    dryRun: dryRun === true,
    hold: how.hold,
  });
  if ('request' in read) return read.request;
  throw new InvalidInput(read.problems.join(' '), { problems: read.problems });
}

function selection(options: SyncOptions): Readonly<Record<string, unknown>> {
  const { full, columns, from, to, keys, keysFile, findDeletes } = options;
  const isRange = from !== undefined || to !== undefined;
  const asked: Readonly<Record<string, unknown>>[] = [
    ...(full === true ? [{ kind: 'full' }] : []),
    ...(columns === undefined ? [] : [{ kind: 'columns', columns: listOf(columns) }]),
    ...(keys === undefined ? [] : [{ kind: 'key_list', keys: readKeyOption(keys) }]),
    ...(keysFile === undefined ? [] : [{ kind: 'key_list', keys: readKeysFile(keysFile) }]),
    ...(isRange ? [{ kind: findDeletes === true ? 'deletes' : 'time_window', from, to }] : []),
  ];
  const [only, second] = asked;
  if (second !== undefined)
    throw new InvalidInput(
      'Choose one of --full, --columns, --keys, --keys-file, and --from with --to; --find-deletes goes with each.',
    );
  if (only !== undefined) return only;
  if (findDeletes === true) return { kind: 'deletes' };
  throw new InvalidInput(
    'Say what to sync: --full, --columns a,b, --keys 17,18, --keys-file FILE, --from with --to, or --find-deletes.',
  );
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** `17,18`, or keys of several columns as JSON: `["DE",17],["FR",18]`. */
function readKeyOption(text: string): readonly unknown[] {
  return text.trimStart().startsWith('[') ? readJsonList(`[${text}]`, '--keys') : listOf(text);
}

/** One key on each line; a line that begins with `[` is a JSON list of the values of one key. */
export function readKeysFile(path: string): readonly unknown[] {
  const lines = readText(path).split(/\r?\n/u);
  return lines.flatMap((line, at) => {
    if (line.trim() === '') return [];
    return [line.startsWith('[') ? readJsonList(line, `Line ${String(at + 1)} of ${path}`) : line];
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InvalidInput(
      `The file of keys ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function readJsonList(text: string, where: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new InvalidInput(`${where} is no JSON list of the values of a key, such as ["DE", 17].`);
}
