import type { S3Client } from '@aws-sdk/client-s3';
import { goneKeys, type GoneCounts, type KeyRun } from '../../connectors/keys/gone-keys.ts';
import { GoneRows } from '../../connectors/keys/gone-rows.ts';
import { deletedUri, keysFolder, keysUri, type StagedRevision } from '../../connectors/s3/location.ts';
import { putObject } from '../../connectors/s3/put-object.ts';
import { readRange } from '../../connectors/s3/read-range.ts';
import { writeJson } from '../../connectors/s3/text-object.ts';
import type { Column } from '../../pipeline/column.ts';
import { describeDeleteLimit, exceedsDeleteLimit, USUAL_DELETE_LIMIT } from '../../pipeline/delete-limit.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import {
  GONE_KEYS_LIFE,
  keyText,
  STATE_NAME,
  type KeyState,
  type StoredRun,
} from '../../pipeline/key-state.ts';
import type { ManifestEntry, StagedDeletes } from '../../pipeline/manifest.ts';
import type { ExtractWork } from '../../pipeline/stage.ts';
import type { StagedFormat } from '../../pipeline/staged-format.ts';
import { takenOver, type EarlierKeys } from './earlier-keys.ts';
import type { StageRun } from './runner.ts';
import { CONTENT_TYPE, type KeysNow } from './stage-keys.ts';
import { contentType, openStagedFile } from './staged-file.ts';

const FORMAT: StagedFormat = { format: 'parquet', compression: 'zstd' };

/**
 * Stages the keys that an earlier extract saw and that are gone, for the manifest, and then, in one object, the state with which the next
 * extract compares. The state stands before the manifest: rows that a manifest tells of are in a state from the beginning.
 * @throws StageFailure `data_error` when the key changed its columns or types, and when more keys are gone than the stage allows.
 */
export async function stageDeletes(
  client: S3Client,
  run: StageRun<ExtractWork>,
  staged: StagedRevision,
  { earlier, now }: { readonly earlier: EarlierKeys; readonly now: KeysNow },
  signal: AbortSignal,
): Promise<StagedDeletes> {
  const { attempt, stage } = run;
  refuseOtherKey(run, staged, earlier, now.columns);
  const gone = await stageGone(client, run, staged, { earlier, now }, signal);
  const entries: ManifestEntry[] = [];
  const rows = gone === null ? undefined : new GoneRows(keyRun(client, gone, 'gone', signal));
  while (rows !== undefined && (await rows.more())) {
    const url = deletedUri(staged, attempt, `deleted-${String(entries.length).padStart(5, '0')}.parquet`);
    const file = openStagedFile(FORMAT, stage.work.from, now.columns, rows);
    const { bytes, crc32 } = await putObject(client, url, file, { contentType: contentType(FORMAT), signal });
    entries.push({ url, mandatory: true, meta: { content_length: bytes, rows: file.rows, crc32 } });
  }
  const uri = deletedUri(staged, attempt, 'deleted.json');
  await writeJson(client, uri, { entries }, 'the list of deleted keys', signal);
  const state: KeyState = { version: 1, key: keyText(now.columns), runs: now.runs, gone };
  await writeJson(client, keysUri(staged, attempt, STATE_NAME), state, 'the keys of this extract', signal);
  return { uri, columns: now.columns, entries, rows: gone?.keys ?? 0 };
}

/** One sorted run of all keys that are gone, each with the time since when; null when there are none. */
async function stageGone(
  client: S3Client,
  run: StageRun<ExtractWork>,
  staged: StagedRevision,
  { earlier, now }: { readonly earlier: EarlierKeys; readonly now: KeysNow },
  signal: AbortSignal,
): Promise<StoredRun | null> {
  if (earlier.states.length === 0) return null;
  const runs = [
    ...now.runs.map((stored) => keyRun(client, stored, 'now', signal)),
    ...earlier.states.flatMap(({ runs: before, gone }) => [
      ...before.map((stored) => keyRun(client, stored, 'before', signal)),
      ...(gone === null ? [] : [keyRun(client, gone, 'gone', signal)]),
    ]),
  ];
  const time = Date.now();
  const counts: GoneCounts = { before: 0, missed: 0, gone: 0 };
  const blocks = goneKeys(runs, { now: time, forget: time - GONE_KEYS_LIFE }, counts);
  const url = keysUri(staged, run.attempt, 'gone.run');
  const { bytes } = await putObject(client, url, blocks, { contentType: CONTENT_TYPE, signal });
  refuseTooMany(run, counts);
  return counts.gone === 0 ? null : { url, bytes, keys: counts.gone };
}

function keyRun(
  client: S3Client,
  { url, bytes: size }: StoredRun,
  holds: KeyRun['holds'],
  signal: AbortSignal,
): KeyRun {
  return {
    holds,
    size,
    read: (start, end) => takenOver(readRange(client, url, { start, end, size }, signal)),
  };
}

function refuseTooMany({ stage, timelabel }: StageRun<ExtractWork>, { before, missed }: GoneCounts): void {
  const limit = stage.work.maxDeleted ?? USUAL_DELETE_LIMIT;
  if (!exceedsDeleteLimit(limit, before, missed)) return;
  const { from } = stage.work;
  throw new StageFailure(
    'data_error',
    `${String(missed)} of ${String(before)} keys of ${from} are gone since the extract before label ${timelabel}; max_deleted is ${describeDeleteLimit(limit)}. ` +
      'Nothing was published. Repair the source, or raise max_deleted if their rows are to go, and run the label again.',
    { facts: { table: from, deleted: missed, rows: before, limit: describeDeleteLimit(limit) } },
  );
}

function refuseOtherKey(
  { stage }: StageRun<ExtractWork>,
  staged: StagedRevision,
  { states }: EarlierKeys,
  columns: readonly Column[],
): void {
  const [now, before] = [keyText(columns).join(', '), states.map(({ key }) => key.join(', '))];
  const other = before.find((text) => text !== now);
  if (other === undefined) return;
  const { from } = stage.work;
  throw new StageFailure(
    'data_error',
    `The key of ${from} was (${other}) at an earlier extract and is (${now}), so that nothing tells which rows are gone. Change it back, or remove everything ` +
      `below s3://${staged.bucket}/${keysFolder(staged)}: the next extract begins anew, and what was deleted meanwhile reefline sync --find-deletes finds.`,
    { facts: { table: from, before: other, after: now } },
  );
}
