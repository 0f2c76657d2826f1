import type { S3Client } from '@aws-sdk/client-s3';
import { keysFolder, type StagedRevision } from '../../connectors/s3/location.ts';
import { listPage, removeObjects } from '../../connectors/s3/stored-objects.ts';
import { readText } from '../../connectors/s3/text-object.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { keyFolders, parseKeyState, type KeyState } from '../../pipeline/key-state.ts';
import type { ListedObject } from '../../pipeline/staged-leftovers.ts';

/** What earlier extracts of a dataset remember of its keys. */
export interface EarlierKeys {
  /** Mostly one; several when extracts ran side by side, or when one died before it removed what it had taken over. */
  readonly states: readonly KeyState[];
  /** Objects that nobody needs once a later state stands and its manifest is published. */
  readonly superseded: readonly string[];
}

/** S3 removes as many objects with one request. */
const MOST_REMOVED = 1_000;

/**
 * Finds the keys that earlier extracts saw. Call it before the snapshot of the source begins: then whatever they saw was there
 * before the snapshot, and a key that the snapshot lacks is gone. `deadline`, in milliseconds: no attempt lives that wrote before it.
 * @throws StageFailure `conflict` when another extract takes a state over meanwhile, `data_error` for a state that is none.
 */
export async function findEarlierKeys(
  client: S3Client,
  staged: StagedRevision,
  deadline: number,
  signal: AbortSignal,
): Promise<EarlierKeys> {
  const folders = keyFolders(await listAll(client, staged, signal), deadline);
  const states: KeyState[] = [];
  for (const { state } of folders.complete) {
    const uri = `s3://${staged.bucket}/${state}`;
    const text = await takenOver(readText(client, uri, 'the keys of an earlier extract', signal));
    const parsed = parseKeyState(text);
    if (parsed === undefined)
      throw new StageFailure(
        'data_error',
        `${uri} should tell which keys an earlier extract saw, and is no such file of this version. ` +
          `Remove everything below s3://${staged.bucket}/${keysFolder(staged)}: the next extract begins anew, and what was deleted meanwhile reefline sync --find-deletes finds.`,
        { facts: { uri } },
      );
    states.push(parsed);
  }
  return { states, superseded: [...folders.complete.flatMap(({ objects }) => objects), ...folders.dead] };
}

/** Removes what is superseded. A failure is nobody's reason to fail: the next extract finds it and removes it. */
export async function forgetKeys(
  client: S3Client,
  { bucket }: StagedRevision,
  { superseded }: EarlierKeys,
  signal: AbortSignal,
): Promise<void> {
  try {
    for (let at = 0; at < superseded.length; at += MOST_REMOVED)
      await removeObjects(client, bucket, superseded.slice(at, at + MOST_REMOVED), signal);
  } catch (error) {
    if (!(error instanceof StageFailure)) throw error;
  }
}

/** What is gone was taken over by an extract that ended meanwhile; the next attempt finds that one's. */
export async function takenOver<T>(read: Promise<T>): Promise<T> {
  return read.catch((error: unknown) => {
    if (!(error instanceof StageFailure) || error.failureClass !== 'not_found') throw error;
    throw new StageFailure(
      'conflict',
      `Another extract of the dataset ended and took the keys over that this one was comparing. The next attempt finds them there. (${error.message})`,
      { cause: error },
    );
  });
}

async function listAll(
  client: S3Client,
  staged: StagedRevision,
  signal: AbortSignal,
): Promise<readonly ListedObject[]> {
  const prefix = keysFolder(staged);
  const found: ListedObject[] = [];
  for (let after = prefix; ;) {
    const { objects, cut } = await listPage(client, { bucket: staged.bucket, prefix, after }, signal);
    found.push(...objects);
    const last = objects.at(-1);
    if (!cut || last === undefined) return found;
    after = last.key;
  }
}
