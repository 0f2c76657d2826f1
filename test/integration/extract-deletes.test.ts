import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { loadStage } from '../../activities/stages/load.ts';
import type { StageOutput } from '../../activities/stages/runner.ts';
import { parseS3Uri } from '../../connectors/s3/location.ts';
import { readManifest } from '../../connectors/s3/manifest.ts';
import { listPage } from '../../connectors/s3/stored-objects.ts';
import { readText } from '../../connectors/s3/text-object.ts';
import type { StageFailure } from '../../pipeline/failure.ts';
import { objectAt, openExtractSource, type ExtractCase, type ExtractSource } from '../support/extract-run.ts';
import { describeMysql, openMysqlSource, type MysqlSource } from '../support/mysql-source.ts';
import { readWithDuckDb } from '../support/parquet-readers.ts';
import { runOf, toolsOf } from '../support/warehouse.ts';

const work = { mode: 'incremental_update', cursor: 'at', key: ['name', 'id'], detectDeletes: true } as const;
const hour = (at: number): string => `200101050${String(at)}0000`;

type Source =
  Pick<ExtractSource, 'bucket' | 's3' | 'extract'> | Pick<MysqlSource, 'bucket' | 's3' | 'extract'>;

function extract(source: Source, { work: more, ...given }: ExtractCase): Promise<StageOutput> {
  return source.extract({ ...given, work: { ...work, ...more } });
}

/** Extracts the label; which keys its manifest names as gone, read by DuckDB. */
async function deletedBy(source: Source, given: ExtractCase): Promise<readonly unknown[]> {
  const { uri } = await extract(source, given);
  const { deletes } = (await readManifest(source.s3, uri ?? '')).reefline;
  const listed: unknown = JSON.parse(await readText(source.s3, deletes?.uri ?? '', 'the list'));
  expect(listed).toEqual({ entries: deletes?.entries });
  const files = await Promise.all((deletes?.entries ?? []).map(({ url }) => objectAt(source.s3, url)));
  if (files.length === 0) return [];
  const { rows } = await readWithDuckDb(files, deletes?.columns ?? []);
  expect(rows).toHaveLength(deletes?.rows ?? 0);
  return rows.toSorted((one, other) => Number(one[1]) - Number(other[1]));
}

/** What extracts remember of the keys of a table: the objects, by their place below `_keys/`. */
async function remembered({ s3, bucket }: Source, table: string): Promise<ReadonlyMap<string, string>> {
  const prefix = `stage/shop/${table}/_keys/`;
  const { objects } = await listPage(s3, { bucket, prefix, after: '' }, new AbortController().signal);
  return new Map(objects.map(({ key }) => [key.slice(prefix.length), key]));
}

/** Extracts the label and brings back what a kill before the manifest would have left: an attempt that nobody knows of. */
async function extractAndDie(source: Source, given: ExtractCase): Promise<void> {
  const { s3, bucket } = source;
  const before = await Promise.all(
    [...(await remembered(source, given.table)).values()].map(async (key) => ({
      key,
      body: await objectAt(s3, `s3://${bucket}/${key}`),
    })),
  );
  const { uri } = await extract(source, given);
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: parseS3Uri(uri ?? '').key }));
  for (const { key, body } of before)
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
}

describe('An extract that detects deletes', () => {
  let source: ExtractSource;
  beforeAll(async () => {
    source = await openExtractSource('extract-deletes');
  });
  afterAll(() => source.close());

  test('names the keys that are gone in every label until they are back, killed, made again, or side by side', async () => {
    const table = 'dying';
    await source.query(`
      create table dying (id int8, name text, at timestamptz, primary key (name, id));
      insert into dying select n, case when n % 2 = 0 then 'é' else '' end, '2001-01-05 01:30Z' from generate_series(1, 20) n`);
    expect(await deletedBy(source, { table, timelabel: hour(1) })).toEqual([]);
    await source.query('delete from dying where id in (4, 5)');
    const gone = [
      ['é', 4n],
      ['', 5n],
    ];
    await extractAndDie(source, { table, timelabel: hour(2) });
    expect((await remembered(source, table)).size).toBe(5);
    expect(await deletedBy(source, { table, timelabel: hour(2), attempt: 2 })).toEqual(gone);
    await source.query(`insert into dying values (21, 'new', '2001-01-05 03:30Z')`);
    const both = [1, 3].map((at) => deletedBy(source, { table, timelabel: hour(at), attempt: 3 }));
    // One of them may find that the other has ended meanwhile, and is tried again.
    const ended = await Promise.allSettled(both);
    for (const [at, end] of ended.entries())
      expect(
        end.status === 'fulfilled'
          ? end.value
          : await deletedBy(source, { table, timelabel: hour([1, 3][at] ?? 1), attempt: 4 }),
      ).toEqual(gone);
    await source.query(
      `delete from dying where id = 21; insert into dying values (5, '', '2001-01-05 04:30Z')`,
    );
    expect(await deletedBy(source, { table, timelabel: hour(4) })).toEqual([
      ['é', 4n],
      ['new', 21n],
    ]);
    const names = ['gone.run', 'keys-00000.run', 'state.json'];
    // What an attempt left behind that was tried again lies there until no attempt of that time can be alive.
    const lost = ended.some(({ status }) => status === 'rejected');
    const left = [...(await remembered(source, table)).keys()];
    expect(lost ? left.filter((name) => !name.includes('/r1/a3/')) : left).toEqual(
      names.map((name) => `${hour(4)}/r1/a1/${name}`),
    );
  });

  test('fails when more is gone than it may say, publishes nothing, and goes on when the rows are back', async () => {
    const table = 'emptied';
    await source.query(`
      create table emptied (id int8, name text, at timestamptz);
      insert into emptied select n, 'n', '2001-01-05 01:30Z' from generate_series(1, 4) n`);
    expect(await deletedBy(source, { table, timelabel: hour(1) })).toEqual([]);
    await source.query('create table kept as table emptied; delete from emptied where id > 1');
    const failure = await source.failureOf({ table, timelabel: hour(2), work });
    expect(failure).toMatchObject({
      failureClass: 'data_error',
      facts: { deleted: 3, rows: 4, limit: '50%' },
    });
    expect(failure.message).toContain('3 of 4 keys of shop.public.emptied are gone');
    await source.query('insert into emptied select * from kept where id > 2');
    expect(await deletedBy(source, { table, timelabel: hour(2), attempt: 2 })).toEqual([['n', 2n]]);
    await source.query('delete from emptied where id > 1');
    const more = { work: { maxDeleted: { rows: 2 } } };
    expect(await deletedBy(source, { table, timelabel: hour(3), ...more })).toHaveLength(3);
  });

  test('refuses a key that is NULL, of a type that cannot be compared, or another one than before', async () => {
    const table = 'keyed';
    await source.query(`
      create table keyed (id int4, name text, at timestamptz, weight float8);
      insert into keyed values (1, 'n', '2001-01-05 01:30Z', 1)`);
    const failureOf = (key: readonly string[]): Promise<StageFailure> =>
      source.failureOf({ table, timelabel: hour(1), work: { ...work, key } });
    expect(await failureOf(['weight'])).toMatchObject({
      failureClass: 'invalid_config',
      facts: { type: 'float64' },
    });
    expect(await failureOf(['nowhere'])).toMatchObject({
      failureClass: 'not_found',
      facts: { column: 'nowhere' },
    });
    expect(await deletedBy(source, { table, timelabel: hour(1) })).toEqual([]);
    expect(await failureOf(['id'])).toMatchObject({
      failureClass: 'data_error',
      facts: { before: 'name text, id int32', after: 'id int32' },
    });
    await source.query(`insert into keyed values (null, 'x', '2001-01-05 01:30Z', 1)`);
    expect(await failureOf(['name', 'id'])).toMatchObject({
      failureClass: 'data_error',
      facts: { column: 'id' },
    });
  });

  test('makes a merged table equal to its source, whatever happened there and in which order the labels were loaded', async () => {
    const { database, bucket } = source;
    const shop = { kind: 'postgres', url: database.url } as const;
    const tools = toolsOf({
      connections: { lake: { kind: 's3', bucket, prefix: 'stage' }, analytics: shop },
    });
    const load = (table: string, timelabel: string, uri: string | null): Promise<StageOutput> =>
      loadStage(
        runOf({
          work: { kind: 'load', from: `lake.shop.${table}`, mode: 'merge', key: ['id'] },
          output: `analytics.mart.${table}`,
          timelabel,
          revision: 1,
          uri: uri ?? '',
        }),
        tools,
      );
    await source.query('create schema mart');
    const change = fc.tuple(fc.constantFrom('put', 'put', 'delete'), fc.integer({ min: 1, max: 12 }));
    const hours = fc.array(fc.array(change, { maxLength: 6 }), { minLength: 2, maxLength: 5 });
    let plays = 0;
    await fc.assert(
      fc.asyncProperty(hours, fc.array(fc.nat(), { minLength: 5, maxLength: 5 }), async (changes, order) => {
        const table = `play_${String((plays += 1))}`;
        await source.query(`create table ${table} (id int8 primary key, note text, at timestamptz)`);
        const staged: { timelabel: string; uri: string | null }[] = [];
        for (const [at, made] of changes.entries()) {
          for (const [what, id] of made)
            await source.query(
              what === 'delete'
                ? `delete from ${table} where id = ${String(id)}`
                : `insert into ${table} values (${String(id)}, 'h${String(at)}', '2001-01-05 0${String(at)}:30Z')
                     on conflict (id) do update set note = excluded.note, at = excluded.at`,
            );
          const given = { table, timelabel: hour(at), work: { key: ['id'], maxDeleted: { rows: 99 } } };
          staged.push({ timelabel: hour(at), uri: (await extract(source, given)).uri });
        }
        const last = staged.pop();
        const shuffled = staged
          .map((label, at) => ({ label, place: order[at] ?? 0 }))
          .toSorted((one, other) => one.place - other.place);
        for (const { label } of shuffled) await load(table, label.timelabel, label.uri);
        await load(table, last?.timelabel ?? '', last?.uri ?? null);
        const loaded = await source.query(`select id, note, at from mart.${table} order by id`);
        expect(loaded.rows).toEqual(
          (await source.query(`select id, note, at from ${table} order by id`)).rows,
        );
      }),
      {
        numRuns: 4,
        // The row of the first label is loaded when the label that missed it has been.
        examples: [
          [
            [[['put', 1]], [['delete', 1]], [['put', 2]]],
            [1, 0, 0, 0, 0],
          ],
        ],
      },
    );
  });
});

describeMysql('An extract from MySQL that detects deletes', () => {
  let source: MysqlSource;
  beforeAll(async () => {
    source = await openMysqlSource('mysql-deletes');
  });
  afterAll(() => source.close());

  test('tells keys by their letters and their whole numbers', async () => {
    const table = 'members';
    await source.query(
      `create table members (id bigint unsigned not null, name varchar(9) not null, at datetime, primary key (id, name))
         character set latin1 collate latin1_swedish_ci`,
      `insert into members values (18446744073709551615, 'de', '2001-01-05 01:30'), (2, 'é', '2001-01-05 01:30'),
         (3, '', '2001-01-05 01:30'), (4, 'fr', '2001-01-05 01:30')`,
    );
    expect(await deletedBy(source, { table, timelabel: hour(1) })).toEqual([]);
    await source.query(
      `update members set name = 'DE' where name = 'de'`,
      `delete from members where id = 2`,
    );
    expect(await deletedBy(source, { table, timelabel: hour(2) })).toEqual([
      ['é', 2n],
      ['de', 18_446_744_073_709_551_615n],
    ]);
  });
});
