import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeMysql, openMysqlSource, type MysqlSource } from '../support/mysql-source.ts';

/**
 * Of the whole process that moves the rows, in MiB. It takes about 250, but on a machine with far too much to do the garbage collector
 * comes late, and it may take twice that. The figure itself is `extract_rss_mb` of the bench.
 */
const LIMIT = 640;

describeMysql('The memory of an extract from MySQL', () => {
  let source: MysqlSource;
  beforeAll(async () => {
    source = await openMysqlSource('mysql-memory');
    await source.query(
      // 800 MB of values, more than the process may have.
      `create view wide as
         select seq as id, now() as at, cast(seq / 7 as decimal(18,4)) as price, repeat(sha1(seq), 25) as words,
           if(seq % 3 = 0, null, md5(seq)) as note
         from ${await source.numbers(800_000)}`,
    );
  });
  afterAll(() => source.close());

  async function peakOf(table: string): Promise<{ rows: number; megabytes: number }> {
    const program = `
      import { extractStage } from './activities/stages/extract.ts';
      import { extractRun, extractTools } from './test/support/extract-run.ts';
      const work = { from: 'shop.${source.database}.${table}' };
      const { rows } = await extractStage(extractRun({ table: '${table}', work }), extractTools('${source.url}', '${source.bucket}'));
      console.log(JSON.stringify({ rows, megabytes: Math.round(process.resourceUsage().maxRSS / 1024) }));`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '--eval',
      program,
    ]);
    return JSON.parse(stdout) as { rows: number; megabytes: number };
  }

  test('is less than the rows that it moves', async () => {
    const { rows, megabytes } = await peakOf('wide');
    expect(rows).toBe(800_000);
    expect(megabytes).toBeLessThan(LIMIT);
  });
});
