import { spawn } from 'node:child_process';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extractStage } from '../../activities/stages/extract.ts';
import { openGate } from '../../chaos/gate.ts';
import { readManifest } from '../../connectors/s3/manifest.ts';
import { eventually } from '../support/eventually.ts';
import { extractRun, extractTools, readStaged } from '../support/extract-run.ts';
import { describeMysql, openMysqlSource, type MysqlSource } from '../support/mysql-source.ts';

describeMysql('An interrupted extract from MySQL', () => {
  let source: MysqlSource;
  beforeAll(async () => {
    source = await openMysqlSource('mysql-interrupted');
    // More rows than one file holds, also when each of its row groups ends with a whole read of the socket, and a row behind
    // them for which the server waits while `pause` says so. A subquery would have MySQL make the whole view before its first row.
    await source.query(
      'create table pause (seconds int)',
      'insert into pause values (600)',
      `create view slow as
         select seq as id, case when seq = 590000 then sleep(seconds) end as waited
         from pause straight_join ${await source.numbers(600_000)}`,
    );
  });
  afterAll(() => source.close());

  /** Statements that Reefline runs in the database at this moment. */
  async function running(): Promise<number> {
    const rows = await source.query(
      `select count(*) as n from information_schema.processlist
       where db = database() and user like 'reader%' and command in ('Execute', 'Query')`,
    );
    return Number(rows[0]?.['n']);
  }

  async function connections(): Promise<number> {
    const rows = await source.query(
      `select count(*) as n from information_schema.processlist where db = database() and user like 'reader%'`,
    );
    return Number(rows[0]?.['n']);
  }

  async function staged(folder: string): Promise<string[]> {
    const listed = await source.s3.send(
      new ListObjectsV2Command({ Bucket: source.bucket, Prefix: `stage/shop/slow/${folder}` }),
    );
    return (listed.Contents ?? []).map(({ Key }) => Key ?? '');
  }

  const manifestOf = (label: string): string =>
    `s3://${source.bucket}/stage/shop/slow/${label}/r1/manifest.json`;

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
      expect(await connections()).toBe(0);
    });
    await expect(readManifest(source.s3, manifestOf(timelabel))).rejects.toMatchObject({
      failureClass: 'not_found',
    });
  });

  test('whose server is cut off without a word ends by itself, and says which setting would wait longer', async () => {
    await source.query(`create view endless as select seq as id from ${await source.numbers(1_000_000_000)}`);
    const url = new URL(source.url);
    const gate = await openGate(url.host);
    url.host = gate.address;
    try {
      const outcome = extractStage(
        extractRun({
          table: 'endless',
          timelabel: '20010105150000',
          work: { from: `shop.${source.database}.endless` },
        }),
        extractTools(url.href, source.bucket, { silenceSeconds: 0.5 }),
      ).catch((error: unknown) => error);
      await eventually(async () => {
        expect(await running()).toBe(1);
      });
      gate.set('silent');
      expect(await outcome).toMatchObject({
        failureClass: 'timeout',
        message: expect.stringMatching(
          /within a SELECT statement.*raise silenceSeconds of the connection "shop"/u,
        ),
      });
    } finally {
      await gate.close();
    }
    await eventually(async () => {
      expect(await connections()).toBe(0);
    });
  });

  test('that was cancelled before it began reads nothing', async () => {
    const outcome = source.extract({ table: 'slow' }, { signal: AbortSignal.abort() });
    await expect(outcome).rejects.toMatchObject({ name: 'StageFailure', failureClass: 'unavailable' });
    expect(await connections()).toBe(0);
  });

  test('that is cancelled while it waits for the store ends its connection', async () => {
    // Enough to fill every buffer on the way, so that the server waits for the reader.
    await source.query(
      `create view wide as select seq as id, repeat('x', 100000) as body from ${await source.numbers(100_000)}`,
    );
    const cancelled = new AbortController();
    const beats: unknown[] = [];
    const outcome = source
      .extract(
        { table: 'wide', timelabel: '20010105130000' },
        { signal: cancelled.signal, heartbeat: (details) => beats.push(details) },
      )
      .catch((error: unknown) => error);
    await eventually(async () => {
      expect(await running()).toBe(1);
    });
    cancelled.abort();
    expect(await outcome).toMatchObject({ name: 'StageFailure', failureClass: 'unavailable' });
    await eventually(async () => {
      expect(await connections()).toBe(0);
    });
  });

  test('whose connection the server ends is unavailable, and can be tried again', async () => {
    const outcome = source
      .extract({ table: 'slow', timelabel: '20010105120000' })
      .catch((error: unknown) => error);
    await eventually(async () => {
      expect(await running()).toBe(1);
      expect(await staged('20010105120000')).toHaveLength(1);
    });
    const [victim] = await source.query(
      `select id from information_schema.processlist where db = database() and user like 'reader%'`,
    );
    await source.query(`kill ${String(victim?.['id'])}`);
    expect(await outcome).toMatchObject({ name: 'StageFailure', failureClass: 'unavailable' });
    await expect(readManifest(source.s3, manifestOf('20010105120000'))).rejects.toMatchObject({
      failureClass: 'not_found',
    });
  });

  test('whose process is killed leaves no manifest, and its retry publishes one that is complete', async () => {
    const timelabel = '20010105110000';
    const program = `
      import { extractStage } from './activities/stages/extract.ts';
      import { extractRun, extractTools } from './test/support/extract-run.ts';
      const work = { from: 'shop.${source.database}.slow' };
      await extractStage(extractRun({ table: 'slow', timelabel: '${timelabel}', work }), extractTools('${source.url}', '${source.bucket}'));`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'ignore' });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    await eventually(async () => {
      expect(await staged(`${timelabel}/r1/a1`)).toHaveLength(1);
    });
    child.kill('SIGKILL');
    await gone;
    await expect(readManifest(source.s3, manifestOf(timelabel))).rejects.toMatchObject({
      failureClass: 'not_found',
    });

    await source.query('update pause set seconds = 0');
    const beats: unknown[] = [];
    const output = await source.extract(
      { table: 'slow', timelabel, attempt: 2 },
      { heartbeat: (details) => beats.push(details) },
    );
    const { manifest } = await readStaged(source.s3, output.uri);
    expect(output).toMatchObject({ rows: 600_000, uri: manifestOf(timelabel) });
    expect(manifest.entries.map(({ url }) => url.replace(/^.*\/r1\//u, ''))).toEqual([
      'a2/part-00000.parquet',
      'a2/part-00001.parquet',
    ]);
    expect(manifest.entries.reduce((rows, { meta }) => rows + meta.rows, 0)).toBe(600_000);
    expect(beats).toContainEqual({ rows: 0, files: 0 });
  });
});
