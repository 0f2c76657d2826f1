import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { collectLeftovers } from '../../activities/stages/collect-leftovers.ts';
import { extractStage } from '../../activities/stages/extract.ts';
import { openGate } from '../../chaos/gate.ts';
import { readManifest } from '../../connectors/s3/manifest.ts';
import { eventually } from '../support/eventually.ts';
import {
  extractRun,
  extractTools,
  openExtractSource,
  readStaged,
  type ExtractSource,
} from '../support/extract-run.ts';

let source: ExtractSource;
beforeAll(async () => {
  source = await openExtractSource('extract-interrupted');
  // More rows than one file holds, and a row behind them for which the server waits while `pause` says so.
  await source.query(`
    create table pause (seconds int4);
    insert into pause values (600);
    create view slow as
      select g::int4 as id, case when g = 520000 then pg_sleep((select seconds from pause))::text end as waited
      from generate_series(1, 530000) g`);
});
afterAll(() => source.close());

/** Statements that Reefline runs in the database at this moment and that begin so. */
async function running(beginning = ''): Promise<number> {
  const { rows } = await source.query(
    `select count(*)::int4 as n from pg_stat_activity
     where datname = current_database() and application_name = 'reefline' and state = 'active'
       and query like '${beginning}%'`,
  );
  return Number(rows[0]?.['n']);
}

async function staged(folder: string): Promise<string[]> {
  const listed = await source.s3.send(
    new ListObjectsV2Command({ Bucket: source.bucket, Prefix: `stage/shop/slow/${folder}` }),
  );
  return (listed.Contents ?? []).map(({ Key }) => Key ?? '');
}

const MANIFEST = (label: string): string => `s3://${source.bucket}/stage/shop/slow/${label}/r1/manifest.json`;

describe('An interrupted extract', () => {
  test('whose server is cut off without a word ends by itself, and says which setting would wait longer', async () => {
    await source.query('create view endless as select generate_series(1, 1000000000)::int4 as id');
    const url = new URL(source.database.url);
    const gate = await openGate(url.host);
    url.host = gate.address;
    try {
      const outcome = extractStage(
        extractRun({ table: 'endless', timelabel: '20010105150000' }),
        extractTools(url.href, source.bucket, { silenceSeconds: 0.5 }),
      ).catch((error: unknown) => error);
      await eventually(async () => {
        expect(await running('copy')).toBe(1);
      });
      gate.set('silent');
      expect(await outcome).toMatchObject({
        failureClass: 'timeout',
        message: expect.stringMatching(
          /within a COPY statement.*raise silenceSeconds of the connection "shop"/u,
        ),
      });
    } finally {
      await gate.close();
    }
    await eventually(async () => {
      expect(await running()).toBe(0);
    });
  });

  test('that is cancelled ends its statement on the server and publishes nothing', async () => {
    const cancelled = new AbortController();
    const timelabel = '20010105100000';
    const outcome = source
      .extract({ table: 'slow', timelabel }, { signal: cancelled.signal })
      .catch((error: unknown) => error);
    await eventually(async () => {
      expect(await running()).toBe(1);
      expect(await staged(timelabel)).toHaveLength(1);
    });
    cancelled.abort();
    expect(await outcome).toMatchObject({ name: 'StageFailure', failureClass: 'unavailable' });
    await eventually(async () => {
      expect(await running()).toBe(0);
    });
    await expect(readManifest(source.s3, MANIFEST(timelabel))).rejects.toMatchObject({
      failureClass: 'not_found',
    });
  });

  test('that was cancelled before it began reads nothing', async () => {
    const outcome = source.extract({ table: 'slow' }, { signal: AbortSignal.abort() });
    await expect(outcome).rejects.toMatchObject({ name: 'StageFailure', failureClass: 'unavailable' });
    expect(await running()).toBe(0);
  });

  test('whose process is killed leaves no manifest, and its retry publishes one that is complete', async () => {
    const timelabel = '20010105110000';
    const program = `
      import { extractStage } from './activities/stages/extract.ts';
      import { extractRun, extractTools } from './test/support/extract-run.ts';
      await extractStage(extractRun({ table: 'slow', timelabel: '${timelabel}' }), extractTools('${source.database.url}', '${source.bucket}'));`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await eventually(async () => {
      expect(await staged(`${timelabel}/r1/a1`)).toHaveLength(1);
    });
    child.kill('SIGKILL');
    await gone;
    await expect(readManifest(source.s3, MANIFEST(timelabel))).rejects.toMatchObject({
      failureClass: 'not_found',
    });

    await source.query('update pause set seconds = 0');
    const beats: unknown[] = [];
    const output = await source.extract(
      { table: 'slow', timelabel, attempt: 2 },
      { heartbeat: (details) => beats.push(details) },
    );
    const { manifest } = await readStaged(source.s3, output.uri);
    expect(output).toMatchObject({ rows: 530_000, uri: MANIFEST(timelabel) });
    expect(manifest.entries.map(({ url }) => url.replace(/^.*\/r1\//u, ''))).toEqual([
      'a2/part-00000.parquet',
      'a2/part-00001.parquet',
    ]);
    expect(manifest.entries.reduce((rows, { meta }) => rows + meta.rows, 0)).toBe(530_000);
    expect(beats).toContainEqual({ rows: 0, files: 0 });

    // What the killed attempt left lies there while that attempt might live, and goes afterwards.
    const dataset = { connection: 'lake', schema: 'shop', table: 'slow' };
    const place = { bucket: source.bucket, prefix: 'stage', dataset, timelabel, revision: 1 };
    const collect = async (deadline: number): Promise<string[]> => {
      const start = Date.parse('2001-01-05T11:00:00Z');
      await collectLeftovers(source.s3, place, { deadline, start }, new AbortController().signal);
      return (await staged(timelabel)).map((key) => key.replace(/^.*\/r1\//u, ''));
    };
    const own = ['a2/part-00000.parquet', 'a2/part-00001.parquet', 'manifest.json'];
    expect(await collect(Date.now() - 86_400_000)).toEqual(['a1/part-00000.parquet', ...own]);
    expect(await collect(Date.now() + 86_400_000)).toEqual(own);
    await expect(readStaged(source.s3, output.uri)).resolves.toMatchObject({ manifest });
  });
});
