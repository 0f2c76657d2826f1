import { describe, expect, test } from '@jest/globals';
import { manifestUri, parseS3Uri, partUri } from '../../connectors/s3/location.ts';
import { checkManifest } from '../../connectors/s3/manifest-shape.ts';
import type { Manifest } from '../../pipeline/manifest.ts';

const URI = 's3://lake/shop/orders/20010105080000/r1/manifest.json';

const MANIFEST: Manifest = {
  entries: [
    {
      url: 's3://lake/x/a1/part-00000.parquet',
      mandatory: true,
      meta: { content_length: 10, rows: 2, crc32: '00c0ffee' },
    },
  ],
  reefline: {
    version: 1,
    dataset: 'lake.shop.orders',
    timelabel: '20010105080000',
    revision: 1,
    format: 'parquet',
    compression: 'zstd',
    columns: [
      { name: 'id', type: { kind: 'int64' }, nullable: false },
      { name: 'total', type: { kind: 'decimal', precision: 10, scale: 2 }, nullable: true },
      { name: 'at', type: { kind: 'timestamp', zoned: true }, nullable: true },
    ],
    rows: 2,
    bytes: 10,
  },
};

/** The same batch, with keys that are deleted. */
const WITH_DELETES: Manifest = {
  ...MANIFEST,
  reefline: {
    ...MANIFEST.reefline,
    deletes: {
      uri: 's3://lake/x/a1/deletes.json',
      columns: MANIFEST.reefline.columns.slice(0, 1),
      entries: [
        {
          url: 's3://lake/x/a1/deletes-00000.parquet',
          mandatory: true,
          meta: { content_length: 9, rows: 4 },
        },
      ],
      rows: 4,
    },
  },
};

/** The manifest as JSON with one member, given by its path, replaced. */
function changed(path: readonly (string | number)[], value: unknown, from = MANIFEST): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(from));
  const last = path.at(-1) ?? '';
  const holder = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], copy);
  (holder as Record<string, unknown>)[last] = value;
  return copy;
}

describe('A manifest', () => {
  test('is read back as it was written', () => {
    for (const manifest of [MANIFEST, WITH_DELETES])
      expect(checkManifest(JSON.parse(JSON.stringify(manifest)), URI)).toEqual(manifest);
  });

  test.each([
    [[], null, ''],
    [['uri'], 'https://elsewhere', '.uri'],
    [['columns'], [], '.columns'],
    [['columns', 0, 'name'], '', '.columns[0].name'],
    [['entries', 0, 'url'], 7, '.entries[0].url'],
    [['rows'], 5, '.rows'],
  ])('whose deleted keys are wrong at %j (%j) is refused', (path, value, named) => {
    expect(() => checkManifest(changed(['reefline', 'deletes', ...path], value, WITH_DELETES), URI)).toThrow(
      expect.objectContaining({
        failureClass: 'data_error',
        facts: { uri: URI, at: `reefline.deletes${named}` },
      }),
    );
  });

  test('of an earlier version, without compression and checksums, is read as it is', () => {
    const { compression, ...reefline } = MANIFEST.reefline;
    const [entry] = MANIFEST.entries;
    const entries = [{ ...entry, meta: { content_length: 10, rows: 2 } }];
    expect(compression).toBe('zstd');
    expect(checkManifest({ entries, reefline }, URI)).toEqual({ entries, reefline });
  });

  test.each([
    ['parquet', 'zstd', true],
    ['parquet', 'snappy', true],
    ['parquet', 'gzip', false],
    ['csv', 'zstd', true],
    ['csv', 'gzip', true],
    ['csv', 'snappy', false],
    ['csv', 'lzop', false],
  ])('of %s files that are compressed with %s is readable: %s', (format, compression, readable) => {
    const manifest = { ...MANIFEST, reefline: { ...MANIFEST.reefline, format, compression } };
    if (readable) expect(checkManifest(manifest, URI)).toEqual(manifest);
    else
      expect(() => checkManifest(manifest, URI)).toThrow(
        expect.objectContaining({ facts: { uri: URI, at: 'reefline.compression' } }),
      );
  });

  test.each([
    [['entries'], null, 'entries'],
    [['entries', 0, 'url'], 'https://elsewhere', 'entries[0].url'],
    [['entries', 0, 'mandatory'], false, 'entries[0].mandatory'],
    [['entries', 0, 'meta'], undefined, 'entries[0].meta'],
    [['entries', 0, 'meta', 'content_length'], -1, 'entries[0].meta.content_length'],
    [['entries', 0, 'meta', 'crc32'], 'c0ffee', 'entries[0].meta.crc32'],
    [['reefline'], undefined, 'reefline'],
    [['reefline', 'version'], 2, 'reefline.version'],
    [['reefline', 'format'], 'orc', 'reefline.format'],
    [['reefline', 'rows'], 3, 'reefline.rows'],
    [['reefline', 'columns', 0, 'type'], { kind: 'money' }, 'reefline.columns[0].type.kind'],
    [['reefline', 'columns', 1, 'type', 'precision'], 39, 'reefline.columns[1].type'],
    [['reefline', 'columns', 2, 'nullable'], 'yes', 'reefline.columns[2].nullable'],
  ])('whose member %j is %j is refused with its address and the member', (path, value, named) => {
    expect(() => checkManifest(changed(path, value), URI)).toThrow(
      expect.objectContaining({ failureClass: 'data_error', facts: { uri: URI, at: named } }),
    );
  });

  test.each([[null], [[]], ['text'], [7]])('that is %j is refused', (value) => {
    expect(() => checkManifest(value, URI)).toThrow(expect.objectContaining({ failureClass: 'data_error' }));
  });
});

describe('A staged revision', () => {
  const dataset = { connection: 'lake', schema: 'shop', table: 'orders' };
  const staged = { bucket: 'b', dataset, timelabel: '20010105080000', revision: 2 };

  test('has one manifest, and a folder for each attempt', () => {
    expect(manifestUri(staged)).toBe('s3://b/shop/orders/20010105080000/r2/manifest.json');
    expect(partUri({ ...staged, prefix: '/stage/' }, 3, 12, 'csv.gz')).toBe(
      's3://b/stage/shop/orders/20010105080000/r2/a3/part-00012.csv.gz',
    );
  });

  test('is found again by its address', () => {
    expect(parseS3Uri('s3://b/a/b c.json')).toEqual({ bucket: 'b', key: 'a/b c.json' });
    for (const wrong of ['', 's3://b', 's3://b/', 'https://b/k', 's3:///k']) {
      expect(() => parseS3Uri(wrong)).toThrow(expect.objectContaining({ failureClass: 'data_error' }));
    }
  });
});
