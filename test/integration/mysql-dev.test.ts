import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { createConnection } from 'mysql2/promise';
import type { DevReport } from '../../cli/dev/dev-report.ts';
import { eventually } from '../support/eventually.ts';
import { describeMysql } from '../support/mysql-source.ts';
import { withProject } from '../support/project-files.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

const PROJECT = {
  'reefline.yaml': `connections:
  shop: { kind: mysql, url: "\${env:SHOP_URL}" }
  lake: { kind: s3, bucket: acme-lake }
`,
  'pipelines/orders.yaml': `pipeline: orders
stages:
  - fetch: { extract: shop.dev_shop.orders, to: lake.shop.orders, mode: snapshot, schedule: "0 * * * *" }
`,
  'seed/shop.sql': 'create table orders (id int); insert into orders values (1), (2);',
};

describeMysql('reefline dev on a project that reads from MySQL', () => {
  test('puts a MariaDB in its place, filled with the seed, and takes it along even when it is killed', async () => {
    await withProject(PROJECT, async (dir) => {
      const args = ['--disable-warning=ExperimentalWarning', CLI, 'dev', dir, '--json'];
      const dev = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = new Promise((resolve) => dev.once('exit', resolve));
      try {
        const ready = await firstReady(createInterface({ input: dev.stdout }));
        const shop = ready.standIns.find(({ of }) => of === 'connections.shop');
        expect(shop).toMatchObject({ variable: 'SHOP_URL', remark: 'filled from seed/shop.sql' });
        const connection = await createConnection(shop?.address ?? '');
        const [rows] = await connection.query('select id from orders order by id');
        expect(rows).toEqual([{ id: 1 }, { id: 2 }]);
        await connection.end();
        dev.kill('SIGKILL');
        await ended;
        await eventually(async () => {
          await expect(createConnection(shop?.address ?? '')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
        });
      } finally {
        dev.kill('SIGKILL');
        await ended;
      }
    });
  }, 360_000);
});

async function firstReady(lines: AsyncIterable<string>): Promise<DevReport & { kind: 'ready' }> {
  for await (const line of lines) {
    const report = JSON.parse(line) as DevReport;
    if (report.kind === 'ready') return report;
  }
  throw new Error('reefline dev ended before it was ready.');
}
