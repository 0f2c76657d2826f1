import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import { manifestUri, partUri } from '../../../connectors/s3/location.ts';
import type { DatasetName } from '../../../pipeline/dataset.ts';
import type { Manifest } from '../../../pipeline/manifest.ts';
import { classOf, type Place, type Subject } from '../attempts.ts';
import type { Checks } from '../contract.ts';
import { failureOf } from '../expect-failure.ts';
import { stepChecks } from '../steps.ts';

/** A stage store as production code uses it, and as the vendor's own client sees it. */
export interface StageStoreUnderTest {
  readonly answers: Subject['answers'];
  readonly bucket: string;
  readonly prefix: string;
  put(uri: string, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  writeManifest(uri: string, manifest: Manifest, signal?: AbortSignal): Promise<void>;
  readManifest(uri: string, signal?: AbortSignal): Promise<Manifest>;
  /** Bytes below a folder. */
  folderSize(uri: string): Promise<number>;
  /** The bytes of an object by the vendor's own client; undefined when there is none. */
  get(uri: string): Promise<Uint8Array | undefined>;
  /** Stores text under the address by the vendor's own client. */
  set(uri: string, text: string): Promise<void>;
  /** Addresses of all objects below the prefix by the vendor's own client. */
  list(): Promise<readonly string[]>;
}

const LABEL = '20010105080000';
const MANY_BYTES = 8 * 1024 * 1024 + 4_321;
/** Names that a path could take for something else. */
const UNICODE = [
  'naïve ☃ 表',
  'Ελλάς+plus%20percent%2F',
  'emoji 🐟 and  two spaces',
  'quote\'s "double" & <tag>',
];
const HOSTILE = [
  `x'; DROP TABLE victim; --`,
  'a?versionId=1#b',
  '..%2f..%2fescape',
  '${env:SECRET} $(id) `id`',
];

export function stageStoreChecks(open: () => StageStoreUnderTest): Checks {
  let places = 0;
  const freshDataset = (): DatasetName => {
    places += 1;
    return { connection: 'lake', schema: 'shop', table: `place${String(places)}x` };
  };
  const place = async (): Promise<Place> => {
    const store = open();
    const dataset = freshDataset();
    const staged = { bucket: store.bucket, prefix: store.prefix, dataset, timelabel: LABEL, revision: 1 };
    const uri = manifestUri(staged);
    return {
      words: [dataset.table],
      async attempt({ attempt, signal }) {
        const entries = [];
        for (const [index, size] of [1_000, MANY_BYTES].entries()) {
          const url = partUri(staged, attempt, index, 'parquet');
          await store.put(url, bytesOf(size), signal);
          entries.push({ url, mandatory: true as const, meta: { content_length: size, rows: size } });
        }
        const written = manifestOf(dataset, entries);
        await store.writeManifest(uri, written, signal);
        const read = await store.readManifest(uri, signal);
        expect(read).toEqual(written);
        return { uri, rows: read.reefline.rows };
      },
      state: () => published(store, uri),
    };
  };
  const keptUnder = async (names: readonly string[]): Promise<void> => {
    const store = open();
    const before = new Set(await store.list());
    const folder = `s3://${store.bucket}/${store.prefix}/${freshDataset().table}`;
    const expected: string[] = [];
    for (const name of names) {
      const part = `${folder}/${name}/part-0`;
      const uri = `${folder}/${name}/manifest.json`;
      const entries = [{ url: part, mandatory: true as const, meta: { content_length: 7, rows: 1 } }];
      await store.put(part, bytesOf(7));
      await store.writeManifest(uri, manifestOf(freshDataset(), entries));
      expect((await store.readManifest(uri)).entries).toEqual(entries);
      expect(await store.folderSize(`${folder}/${name}/`)).toBeGreaterThan(7);
      expect(await store.get(part)).toHaveLength(7);
      expected.push(part, uri);
    }
    const made = (await store.list()).filter((uri) => !before.has(uri));
    expect(made.toSorted()).toEqual(expected.toSorted());
  };
  return {
    ...stepChecks({ place, answers: (...asked) => open().answers(...asked) }),
    'wrong schema': async () => {
      const store = open();
      const uri = `s3://${store.bucket}/${store.prefix}/${freshDataset().table}/manifest.json`;
      expect(classOf(await failureOf(store.readManifest(uri)))).toBe('not_found');
      for (const text of ['', 'no json', '[]', '{"entries":[]}', JSON.stringify(oddManifest())]) {
        await store.set(uri, text);
        const failure = await failureOf(store.readManifest(uri));
        expect([text, classOf(failure), String(failure)]).toEqual([
          text,
          'data_error',
          expect.stringContaining(uri),
        ]);
      }
      const elsewhere = `s3://${store.bucket}-which-nobody-has-made/manifest.json`;
      expect(['not_found', 'unauthorized']).toContain(
        classOf(await failureOf(store.readManifest(elsewhere))),
      );
    },
    'empty batch': async () => {
      const store = open();
      const dataset = freshDataset();
      const uri = manifestUri({
        bucket: store.bucket,
        prefix: store.prefix,
        dataset,
        timelabel: LABEL,
        revision: 1,
      });
      await store.writeManifest(uri, manifestOf(dataset, []));
      expect(await store.readManifest(uri)).toEqual(manifestOf(dataset, []));
      await store.put(`${uri}.empty`, bytesOf(0));
      expect(await store.get(`${uri}.empty`)).toHaveLength(0);
      expect(await store.folderSize(`s3://${store.bucket}/${store.prefix}/shop/nothing-there/`)).toBe(0);
    },
    'huge row': async () => {
      const store = open();
      const uri = `s3://${store.bucket}/${store.prefix}/${freshDataset().table}/huge`;
      await store.put(uri, oneChunk(MANY_BYTES * 2));
      expect(digest((await store.get(uri)) ?? new Uint8Array())).toBe(digest(content(MANY_BYTES * 2)));
    },
    'unicode identifiers': () => keptUnder(UNICODE),
    'injection through names': () => keptUnder(HOSTILE),
  };
}

/** What a reader of the label finds. */
async function published(store: StageStoreUnderTest, uri: string): Promise<unknown> {
  const text = await store.get(uri);
  if (text === undefined) return 'nothing';
  const { entries } = JSON.parse(Buffer.from(text).toString()) as Manifest;
  return Promise.all(
    entries.map(async ({ url }) => {
      const bytes = await store.get(url);
      return bytes === undefined ? 'missing' : digest(bytes);
    }),
  );
}

function manifestOf({ schema, table }: DatasetName, entries: Manifest['entries']): Manifest {
  const rows = entries.reduce((sum, { meta }) => sum + meta.rows, 0);
  const bytes = entries.reduce((sum, { meta }) => sum + meta.content_length, 0);
  const columns = [{ name: 'id', type: { kind: 'int64' as const }, nullable: false }];
  const about = {
    dataset: `lake.${schema}.${table}`,
    timelabel: LABEL,
    revision: 1,
    format: 'parquet' as const,
  };
  return { entries, reefline: { version: 1, ...about, columns, rows, bytes } };
}

/** Rows that do not add up. */
function oddManifest(): Manifest {
  const manifest = manifestOf({ connection: 'lake', schema: 'shop', table: 'odd' }, []);
  return { ...manifest, reefline: { ...manifest.reefline, rows: 3 } };
}

async function* bytesOf(size: number): AsyncGenerator<Uint8Array> {
  const all = content(size);
  for (let from = 0; from < size; from += 1_000_000) yield all.subarray(from, from + 1_000_000);
}

async function* oneChunk(size: number): AsyncGenerator<Uint8Array> {
  yield content(size);
}

/** Bytes that differ from place to place, so that a part in the wrong order shows. */
function content(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 1) bytes[at] = (at ^ (at >>> 8) ^ (at >>> 16)) & 0xff;
  return bytes;
}

function digest(bytes: Uint8Array): string {
  return `${String(bytes.length)} bytes ${createHash('sha256').update(bytes).digest('hex')}`;
}
