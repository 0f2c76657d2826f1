import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type pg from 'pg';
import { storeConfig } from '../../catalog/config-store.ts';
import { connectCatalog, inTransaction } from '../../catalog/connect.ts';
import { lockColumns, recordColumns } from '../../catalog/run-ledger.ts';
import type { Column } from '../../pipeline/column.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { runReefline } from '../support/cli-terminal.ts';
import { freshCatalog } from '../support/local-cloud.ts';
import { projectOf } from '../support/project.ts';

const DATASET = 'warehouse.main.hourly';
const SKETCH = projectOf([
  { name: 'hourly', period: '1h' },
  { name: 'daily', period: '1d', reads: ['hourly'] },
]);
const PROJECT = {
  ...SKETCH,
  stages: SKETCH.stages.map((stage): StageDefinition => {
    const { work } = stage;
    const sql = 'select h.*, h.price * 2 as double from main.hourly h';
    return stage.name === 'daily' && work.kind === 'transform' ? { ...stage, work: { ...work, sql } } : stage;
  }),
};

let database: Awaited<ReturnType<typeof freshCatalog>>;
let db: pg.Pool;

beforeAll(async () => {
  database = await freshCatalog('lineage');
  db = connectCatalog(database.url, 2);
  await storeConfig(db, PROJECT, 'test');
});

afterAll(async () => {
  await db.end();
  await database.drop();
});

test('lineage reads the configuration in force and expands * by the newest columns that runs saw', async () => {
  await see([column('id')]);
  await see([column('id'), column('price')]);
  const env = { REEFLINE_CATALOG_URL: database.url };
  const argv = ['lineage', 'warehouse.main.daily', '--up', '--columns', '--json'];
  const { stdout, exitCode } = await runReefline(argv, { env });
  expect(exitCode).toBe(0);
  const from = (name: string): object => ({ from: [{ dataset: DATASET, column: name }], complete: true });
  expect(JSON.parse(stdout)).toMatchObject({
    configVersion: 1,
    columns: [
      {
        stage: 'p.daily',
        columns: [
          { name: 'id', ...from('id') },
          { name: 'price', ...from('price') },
          { name: 'double', ...from('price') },
        ],
      },
      { stage: 'p.hourly' },
    ],
  });
});

function column(name: string): Column {
  return { name, type: { kind: 'int64' }, nullable: true };
}

function see(columns: readonly Column[]): Promise<void> {
  return inTransaction(db, async (client) => {
    await lockColumns(client, DATASET);
    await recordColumns(client, DATASET, columns, {
      stage: 'p.hourly',
      timelabel: '20010105000000',
      revision: 1,
    });
  });
}
