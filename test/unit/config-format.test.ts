import { describe, expect, test } from '@jest/globals';
import { readProject } from '../../config/project.ts';
import { FORMAT_NAMES } from '../../pipeline/staged-format.ts';
import { type ProjectFiles, SHOP_PROJECT, withProject } from '../support/project-files.ts';

const ORDERS = SHOP_PROJECT['pipelines/orders.yaml'] ?? '';
const REGISTER = '  - register_orders: { register: lake.shop.orders, to: catalog.shop.orders }\n';

function staged(format: string, edit: (text: string) => string = (text) => text): ProjectFiles {
  const text = ORDERS.replace('mode: incremental_append', `format: ${format}, mode: incremental_append`);
  return { ...SHOP_PROJECT, 'pipelines/orders.yaml': edit(text) };
}

async function workOf(files: ProjectFiles): Promise<unknown> {
  const reading = await withProject(files, readProject);
  if ('problems' in reading) throw new Error(JSON.stringify(reading.problems));
  return reading.project.stages.find(({ name }) => name === 'fetch_orders')?.work;
}

describe('The format of an extract', () => {
  test.each([
    ['parquet.snappy', { format: 'parquet', compression: 'snappy' }],
    ['csv.zst', { format: 'csv', compression: 'zstd' }],
    ['csv.gz', { format: 'csv', compression: 'gzip' }],
  ])('%s is in its definition', async (name, format) => {
    expect(await workOf(staged(name, (text) => text.replace(REGISTER, '')))).toMatchObject(format);
  });

  test('that is the default makes the definition that it made before there was a choice', async () => {
    expect(await workOf(staged('parquet'))).toEqual(await workOf(SHOP_PROJECT));
    expect(await workOf(SHOP_PROJECT)).not.toHaveProperty('compression');
  });

  test('that is unknown is refused with those that are known', async () => {
    const reading = await withProject(staged('orc'), readProject);
    const [problem] = 'problems' in reading ? reading.problems : [];
    expect(problem?.field).toBe('stages.fetch_orders.format');
    for (const name of FORMAT_NAMES)
      expect(`${problem?.problem ?? ''} ${problem?.cure ?? ''}`).toContain(name);
  });

  test.each(['csv.zst', 'csv.gz'])(
    '%s is refused for a table in Glue, with the reason and a cure',
    async (name) => {
      const reading = await withProject(staged(name), readProject);
      expect('problems' in reading ? reading.problems : []).toEqual([
        expect.objectContaining({
          field: 'stages.register_orders.register',
          problem: expect.stringMatching(
            `lake.shop.orders is staged as ${name}, but tables in Glue read no CSV`,
          ),
          cure: expect.stringContaining('format: parquet'),
        }),
      ]);
    },
  );

  test.each(['shop', 'snow'])('CSV is taken by a load into %s', async (connection) => {
    const files = staged('csv.zst', (text) =>
      text
        .replace(REGISTER, '')
        .concat(`  - load_csv: { load: lake.shop.orders, to: ${connection}.mart.orders, mode: append }\n`),
    );
    const snow =
      "  snow: { kind: snowflake, account: a, user: u, password: '${env:P}', database: d, warehouse: w, storageIntegration: i }\n";
    const settings = (files['reefline.yaml'] ?? '').replace('connections:\n', (line) => line + snow);
    const reading = await withProject({ ...files, 'reefline.yaml': settings }, readProject);
    expect('problems' in reading ? reading.problems : []).toEqual([]);
  });
});
