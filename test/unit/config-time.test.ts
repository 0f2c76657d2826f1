import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { validate } from '../../cli/validate.ts';
import { readProject } from '../../config/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { type ProjectFiles, SHOP_PROJECT, shopWith, withProject } from '../support/project-files.ts';

const ORDERS = 'pipelines/orders.yaml';

type Edit = readonly [file: string, find: string, put: string];

function edited(...edits: readonly Edit[]): ProjectFiles {
  const files = { ...SHOP_PROJECT };
  for (const [file, find, put] of edits) {
    expect(files[file]).toContain(find);
    files[file] = (files[file] ?? '').replace(find, () => put);
  }
  return files;
}

async function stagesOf(...edits: readonly Edit[]): Promise<ReadonlyMap<string, StageDefinition>> {
  const reading = await withProject(edited(...edits), readProject);
  if ('problems' in reading) throw new Error(JSON.stringify(reading.problems, undefined, 1));
  return new Map(reading.project.stages.map((stage) => [stage.name, stage]));
}

async function printed(...edits: readonly Edit[]): Promise<readonly string[]> {
  let text = '';
  const out = { write: (part: string) => (text += part) };
  await withProject(edited(...edits), (dir) => validate(dir, out));
  return text.split('\n');
}

/** Daily orders, cut in Berlin, from the extract to the publication. */
const BERLIN: readonly Edit[] = [
  [ORDERS, 'schedule: "10 * * * *"', 'schedule: "10 3 * * *", timezone: Europe/Berlin'],
  [ORDERS, 'every: 1d, ', ''],
  ['reefline.yaml', 'every: 1d,', 'every: 1d, timezone: Europe/Berlin,'],
];

/** Orders of each working day at nine. */
const WORKING_DAYS: readonly Edit[] = [
  [ORDERS, 'schedule: "10 * * * *"', 'schedule: "0 9 * * MON-FRI", timezone: Europe/Berlin'],
  [ORDERS, 'every: 1d, ', ''],
  ['reefline.yaml', 'every: 1d,', 'every: cron(0 9 * * 1-5)@Europe/Berlin,'],
];

describe('a time zone', () => {
  test('reaches every stage that has the period of its inputs', async () => {
    const stages = await stagesOf(...BERLIN);
    expect(stages.get('fetch_orders')?.schedule).toEqual({ cron: '10 3 * * *', zone: 'Europe/Berlin' });
    for (const [, { period }] of stages) expect(period).toBe('1d@Europe/Berlin');
    expect(stages.get('daily_revenue')?.inputs.map(({ window }) => window)).toEqual(['same', 'same']);
  });

  test('cuts the days of a stage that sums up hours', async () => {
    const stages = await stagesOf(
      [ORDERS, 'every: 1d', 'every: 1d, timezone: Europe/Berlin'],
      ['reefline.yaml', 'every: 1d,', 'every: 1h,'],
    );
    expect(stages.get('daily_revenue')).toMatchObject({
      period: '1d@Europe/Berlin',
      inputs: [{ window: 'all' }, { window: 'all' }],
    });
    expect(stages.get('push_revenue')).toMatchObject({
      period: '1d@Europe/Berlin',
      inputs: [{ window: 'same' }],
    });
  });

  test('that an hourly schedule does not need is not told to the clock', async () => {
    const stages = await stagesOf([ORDERS, '"10 * * * *"', '"10 * * * *", timezone: Europe/Berlin']);
    expect(stages.get('fetch_orders')).toMatchObject({ period: '1h', schedule: { cron: '10 * * * *' } });
    expect(stages.get('fetch_orders')?.schedule).not.toHaveProperty('zone');
  });

  test('may be written under two names of one zone', async () => {
    const stages = await stagesOf(
      [ORDERS, 'schedule: "10 * * * *"', 'schedule: "10 3 * * *", timezone: Asia/Kolkata'],
      [ORDERS, 'every: 1d, ', ''],
      ['reefline.yaml', 'every: 1d,', 'every: 1d, timezone: Asia/Calcutta,'],
    );
    expect(stages.get('daily_revenue')).toMatchObject({
      inputs: [{ window: 'same' }, { window: 'same' }],
    });
  });
});

describe('an irregular schedule', () => {
  test('reaches every stage that has the period of its inputs', async () => {
    for (const [, stage] of await stagesOf(...WORKING_DAYS))
      expect(stage).toMatchObject({ period: 'cron(0 9 * * 1-5)@Europe/Berlin' });
  });
});

describe('what a stage says of its inputs', () => {
  test('is kept: windows, outcomes, joins, deadlines, restatement', async () => {
    const inputs =
      'inputs: { warehouse.analytics.orders: { window: last 7 }, warehouse.partners.fares: { window: latest, on: [SUCCESS, MISSING] } }';
    const join =
      'when: { at_least: 2 }, deadline: { after: 2h, then: partial }, on_unsettled: run, on_restatement: cancel, max_restated_labels: 500';
    const stages = await stagesOf(
      [ORDERS, 'mode: append', `mode: append, ${inputs}, ${join}`],
      [ORDERS, 'key: [id]', 'key: [id], deadline: 90m'],
    );
    expect(stages.get('daily_revenue')).toMatchObject({
      inputs: [
        { window: 'last 7', on: ['SUCCESS'] },
        { window: 'latest', on: ['SUCCESS', 'MISSING'] },
      ],
      when: { atLeast: 2 },
      deadline: { seconds: 7200, then: 'partial' },
      onUnsettled: 'run',
      onRestatement: 'cancel',
      maxRestatedLabels: 500,
    });
    expect(stages.get('load_orders')?.deadline).toEqual({ seconds: 5400, then: 'wait' });
    for (const key of ['when', 'deadline', 'onUnsettled', 'onRestatement', 'maxRestatedLabels'])
      expect(stages.get('push_revenue')).not.toHaveProperty(key);
  });
});

describe('validate', () => {
  test('prints the zone, and in words what an irregular schedule and its labels mean', async () => {
    expect((await printed(...BERLIN))[1]).toBe(
      '  fetch_orders     extract    1d@Europe/Berlin  -> lake.shop.orders',
    );
    expect((await printed(...BERLIN))[2]).toBe('      every day at 03:10 Europe/Berlin');
    const lines = await printed(...WORKING_DAYS);
    expect(lines.slice(1, 4)).toEqual([
      '  fetch_orders     extract    cron(0 9 * * 1-5)@Europe/Berlin  -> lake.shop.orders',
      "      at 09:00 on Monday to Friday (Europe/Berlin); a label is the previous tick, so Monday's run covers",
      '        Friday 09:00 to Monday 09:00',
    ]);
  });

  test('prints windows, joins and deadlines, in lines that fit', async () => {
    const lines = await printed([
      ORDERS,
      'mode: append',
      'mode: append, inputs: { warehouse.analytics.orders: { window: last 48 }, warehouse.partners.fares: { window: latest, on: [FAILURE] } }, ' +
        'when: any, deadline: { after: 36h, then: fail }, on_unsettled: run, on_restatement: cancel, max_restated_labels: 500',
    ]);
    expect(lines.slice(4, 12)).toEqual([
      '  daily_revenue    transform  1d  -> warehouse.marts.daily_revenue',
      '      after any of the last 48 labels of warehouse.analytics.orders (1h) and the latest 1d of',
      '        warehouse.partners.fares on FAILURE',
      '      deadline 36h after the interval: then it is reported missing',
      '      runs without waiting until its inputs are settled',
      '      a run whose inputs change is cancelled and begun again',
      '      at most 500 labels restated in 24 hours, further ones are held',
      '  push_revenue     publish    1d  -> serving.public.daily_revenue   after warehouse.marts.daily_revenue',
    ]);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(110);
  });
});

describe('the example of docs/configuration.md', () => {
  test('has no problems, and windows and zones as the page says', async () => {
    const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    const [, example = ''] = /```yaml\n(# pipelines\/sales[^]*?)```/.exec(page) ?? [];
    const files: ProjectFiles = {
      'reefline.yaml': SHOP_PROJECT['reefline.yaml'] ?? '',
      'pipelines/sales.yaml': example,
      'sql/sales_day.sql': 'select * from shop.sales',
      'sql/sales_trend.sql': 'select * from marts.sales_day',
    };
    const reading = await withProject(files, readProject);
    expect(reading).toMatchObject({
      project: {
        stages: [
          { name: 'fetch_sales', period: '1h' },
          { name: 'load_sales', deadline: { seconds: 7200, then: 'wait' } },
          { name: 'sales_day', period: '1d@Europe/Berlin', inputs: [{ window: 'all' }] },
          { name: 'sales_trend', period: '1d@Europe/Berlin', inputs: [{ window: 'last 7' }] },
        ],
      },
    });
  });
});

describe('the outside datasets of docs/configuration.md', () => {
  async function readWith(
    edit: (example: string) => string,
  ): Promise<Awaited<ReturnType<typeof readProject>>> {
    const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    const [, example = ''] = /```yaml\n(datasets:\n[^]*?)```/.exec(page) ?? [];
    const [connections = ''] = SHOP_PROJECT['reefline.yaml']?.split('datasets:') ?? [];
    const settings = { 'reefline.yaml': `${connections}\n${edit(example)}` };
    const files = { ...SHOP_PROJECT, ...settings, 'sql/daily_revenue.sql': 'select * from analytics.orders' };
    return withProject(files, readProject);
  }

  test('have no problems, and the periods that the page says', async () => {
    expect(await readWith((example) => example)).toMatchObject({
      project: {
        datasets: [
          { dataset: 'warehouse.partners.fares', type: 'redshift', period: '1d@Europe/Berlin' },
          { dataset: 'warehouse.partners.rates', type: 'redshift', period: 'cron(0 9 * * 1-5)' },
        ],
      },
    });
  });

  test.each([
    ['type', 'type: redshift, every: 1d,', 'every: 1d,'],
    ['every', 'every: 1d, ', ''],
    ['a type of another connection', 'type: redshift, every: 1d,', 'type: s3, every: 1d,'],
    ['owner', 'type: redshift, every: 1d,', 'type: redshift, every: 1d, owner: ada,'],
    ['warehouse.partners.fares', 'warehouse.partners.fares', 'nowhere.partners.fares'],
  ])('need the keys that the page says, and take no others: %s', async (_key, find, put) => {
    const reading = await readWith((example) => {
      expect(example).toContain(find);
      return example.replace(find, put);
    });
    expect(reading).toHaveProperty('problems.0.file', 'reefline.yaml');
  });
});

describe('the JSON Schemas', () => {
  test('take what the reader takes for periods, zones, windows and deadlines, and nothing that it refuses', async () => {
    const root = new URL('../../schema/', import.meta.url);
    const schema = await readFile(new URL('pipeline.schema.json', root), 'utf8');
    const patterns = [...schema.matchAll(/"pattern": ("(?:[^"\\]|\\.)*")/g)].map(
      ([, text = '']) => new RegExp(JSON.parse(text) as string),
    );
    const taken = (text: string): boolean => patterns.some((pattern) => pattern.test(text));
    const good = ['1d@Europe/Berlin', 'cron(0 9 * * 1-5)', 'cron(0 9 * * 1-5)@Etc/GMT+5', 'last 7', '90d'];
    for (const text of good) expect([text, taken(text)]).toEqual([text, true]);
    for (const text of ['1d@', 'cron()', 'last 07', '1 d'])
      expect([text, taken(text)]).toEqual([text, false]);
  });
});

describe('how long events are kept', () => {
  const withRetention = (text: string): ReturnType<typeof readProject> =>
    withProject(shopWith(`retention: ${text}`), readProject);

  test('is in the project in seconds, and absent when nothing is said', async () => {
    expect(await withRetention('{ events: 400d }')).toMatchObject({
      project: { retention: { eventSeconds: 400 * 86_400 } },
    });
    const reading = await withProject(SHOP_PROJECT, readProject);
    expect('project' in reading && 'retention' in reading.project).toBe(false);
  });

  test.each([
    ['{ events: 7d }', 'retention.events', 'write 30d to 3660d, such as 400d'],
    ['{ events: long }', 'retention.events', 'write 30d to 3660d, such as 400d'],
    ['{ runs: 400d }', 'retention.runs', 'events'],
  ])('is refused with a cure: %s', async (text, field, cure) => {
    expect(await withRetention(text)).toMatchObject({
      problems: expect.arrayContaining([
        expect.objectContaining({ file: 'reefline.yaml', field, cure: expect.stringContaining(cure) }),
      ]),
    });
  });
});
