import { describeType, type Column } from './column.ts';
import type { ListedObject } from './staged-leftovers.ts';

/** A run of sorted keys in a stage store. */
export interface StoredRun {
  /** `s3://bucket/key` */
  readonly url: string;
  readonly bytes: number;
  readonly keys: number;
}

/** What an extract remembers for the next one: the keys that were at the source, and those that it missed lately. */
export interface KeyState {
  readonly version: 1;
  /** The columns of the key with their types, such as `id int64`. */
  readonly key: readonly string[];
  readonly runs: readonly StoredRun[];
  /** Keys that are gone, each with the time since when; null when there are none. */
  readonly gone: StoredRun | null;
}

/**
 * How long a key that is gone is named again in each manifest, in milliseconds: labels may be loaded in another order than they
 * were extracted, and the load of an older label deletes no row of a newer one. Seven days.
 */
export const GONE_KEYS_LIFE = 7 * 86_400_000;

/** The key as a state names it. */
export function keyText(columns: readonly Column[]): readonly string[] {
  return columns.map(({ name, type }) => `${name} ${describeType(type)}`);
}

/** Reads the JSON of a state; undefined when it is none. */
export function parseKeyState(text: string): KeyState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isKeyState(value) ? value : undefined;
}

function isKeyState(value: unknown): value is KeyState {
  if (typeof value !== 'object' || value === null) return false;
  const { version, key, runs, gone } = value as Partial<Record<keyof KeyState, unknown>>;
  return (
    version === 1 &&
    Array.isArray(key) &&
    key.every((column) => typeof column === 'string') &&
    Array.isArray(runs) &&
    runs.every(isRun) &&
    (gone === null || isRun(gone))
  );
}

function isRun(value: unknown): value is StoredRun {
  if (typeof value !== 'object' || value === null) return false;
  const { url, bytes, keys } = value as Partial<Record<keyof StoredRun, unknown>>;
  return typeof url === 'string' && Number.isSafeInteger(bytes) && Number.isSafeInteger(keys);
}

/** What lies below `_keys/` of a dataset: a folder for each attempt of an extract. */
export interface KeyFolders {
  /** Folders whose state is complete: the key of the state, and all objects of the folder with it. */
  readonly complete: readonly { readonly state: string; readonly objects: readonly string[] }[];
  /** Objects that a dead attempt left: no state names them and no living attempt can have written them. */
  readonly dead: readonly string[];
}

/** `…/_keys/<timelabel>/r<revision>/a<attempt>/<object>` */
const OBJECT = /^(?<folder>.*\/_keys\/\d{14}\/r\d+\/a\d+)\/(?<name>[^/]+)$/u;
export const STATE_NAME = 'state.json';

/** Sorts the objects below `_keys/`. `deadline`, in milliseconds since 1970: no attempt lives that wrote something before it. */
export function keyFolders(objects: readonly ListedObject[], deadline: number): KeyFolders {
  const folders = Map.groupBy(objects, ({ key }) => OBJECT.exec(key)?.groups?.['folder'] ?? '');
  folders.delete('');
  const complete: { state: string; objects: readonly string[] }[] = [];
  const dead: string[] = [];
  for (const [folder, found] of folders) {
    const keys = found.map(({ key }) => key);
    const state = `${folder}/${STATE_NAME}`;
    if (keys.includes(state)) complete.push({ state, objects: keys });
    else if (found.every(({ modified }) => modified < deadline)) dead.push(...keys);
  }
  return { complete, dead };
}
