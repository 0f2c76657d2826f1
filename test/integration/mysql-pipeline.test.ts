import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { extractStage } from '../../activities/stages/extract.ts';
import type { StageRun } from '../../activities/stages/runner.ts';
import { readProject } from '../../config/project.ts';
import { ROUTING_QUEUE } from '../../pipeline/ids.ts';
import type { ExtractWork } from '../../pipeline/stage.ts';
import { startEngine, type Engine } from '../support/engine.ts';
import { describeMysql, openMysqlSource, type MysqlSource } from '../support/mysql-source.ts';
import { withProject } from '../support/project-files.ts';

describeMysql('A pipeline that fetches from MySQL', () => {
  let source: MysqlSource;
  let engine: Engine;

  beforeAll(async () => {
    source = await openMysqlSource('mysql-pipeline');
    process.env['MYSQL_PIPELINE_URL'] = source.url;
    engine = await startEngine('mysql-pipeline', (run, tools) =>
      extractStage(run as StageRun<ExtractWork>, tools),
    );
    const reading = await withProject(
      {
        'reefline.yaml': `connections:
  shop: { kind: mysql, url: "\${env:MYSQL_PIPELINE_URL}" }
  lake: { kind: s3, bucket: ${source.bucket}, prefix: stage }
`,
        'pipelines/orders.yaml': `pipeline: orders
stages:
  - fetch: { extract: shop.${source.database}.orders, to: lake.shop.orders, mode: incremental_append, cursor: made_at, schedule: { cron: "0 * * * *", from: "2035-01-01T00:00:00Z" }, attempts: 1 }
`,
      },
      readProject,
    );
    if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
    await engine.apply(reading.project);
    await engine.startWorkers();
  });
  afterAll(async () => {
    await engine.close();
    await source.close();
    delete process.env['MYSQL_PIPELINE_URL'];
  });

  async function fetch(timelabel: string): Promise<unknown> {
    const handle = await engine.client.workflow.start('stageRun', {
      workflowId: `run/orders.fetch/${timelabel}`,
      taskQueue: ROUTING_QUEUE,
      args: [{ stage: 'orders.fetch', timelabel }],
    });
    return handle.result();
  }

  async function eventsOf(timelabel: string): Promise<unknown[]> {
    const { rows } = await engine.db.query<{ event: Record<string, unknown> }>(
      `select event from reefline.stage_run, jsonb_array_elements(events) event where timelabel = $1`,
      [timelabel],
    );
    return rows.map(({ event }) => ({
      type: event['event_type'],
      change: event['change'],
      status: event['status'],
      rows: event['rows'],
      error: event['error'],
    }));
  }

  test('tells of every hour, of the table that is new and of a column that was added, and fails for one whose type no longer fits', async () => {
    await source.query(
      "set time_zone = '+00:00'",
      'create table orders (id int unsigned not null primary key, made_at datetime not null)',
      `insert into orders values (1, '2001-01-05 08:10'), (2, '2001-01-05 08:59:59'), (3, '2001-01-05 09:00'),
         (4, '2001-01-05 10:00')`,
    );
    expect(await fetch('20010105080000')).toMatchObject({ status: 'SUCCESS' });
    expect(await eventsOf('20010105080000')).toMatchObject([
      { type: 'metadata', change: 'TABLE_ADDED' },
      { type: 'data', status: 'SUCCESS', rows: 2 },
    ]);

    await source.query('alter table orders add column note text');
    expect(await fetch('20010105090000')).toMatchObject({ status: 'SUCCESS' });
    expect(await eventsOf('20010105090000')).toMatchObject([
      { type: 'metadata', change: 'COLUMN_ADDED' },
      { type: 'data', status: 'SUCCESS', rows: 1 },
    ]);

    await source.query('alter table orders modify column note int');
    await expect(fetch('20010105100000')).rejects.toThrow();
    const [failed] = await eventsOf('20010105100000');
    expect(failed).toMatchObject({ type: 'data', status: 'FAILURE' });
    expect(JSON.stringify(failed)).toContain('was of type text and is now int32');
  });
});
