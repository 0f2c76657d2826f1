import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { checkCustomOutput } from '../../activities/stages/custom-output.ts';
import { customStage } from '../../activities/stages/custom.ts';
import type { StageRun, StageTools } from '../../activities/stages/runner.ts';
import { validate } from '../../cli/validate.ts';
import { formatProblem } from '../../config/problem.ts';
import { readProject } from '../../config/project.ts';
import { secretReferences } from '../../config/secret-reference.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { buildRoutingTable } from '../../pipeline/routing.ts';
import type { CustomWork } from '../../pipeline/stage.ts';
import { stageModules } from '../../workers/stage-modules.ts';
import { projectOf } from '../support/project.ts';
import { SHOP_PROJECT, withProject } from '../support/project-files.ts';

const STAGE =
  'custom: stages/geocode.ts, reads: [lake.shop.orders], to: lake.shop.places, with: { key: "${env:MAPS_KEY}", near: [{ city: Bonn }] }';

/** The shop with a stage of its own, and a load of what that stages. */
function shopWith(stage: string): Readonly<Record<string, string>> {
  return {
    ...SHOP_PROJECT,
    'pipelines/orders.yaml': `${SHOP_PROJECT['pipelines/orders.yaml'] ?? ''}  - check_orders: { check: warehouse.analytics.orders, assert: [{ ids: { sql: "select id from analytics.orders where id is null" } }] }
  - geocode: { ${stage} }
`,
    'stages/geocode.ts': 'export default () => ({ rows: 1 });',
    'stages/notes.md': 'No module.',
  };
}

describe('a custom stage in the configuration', () => {
  test('is understood: its inputs, its options with references to secrets, and the type of its events', async () => {
    const files = shopWith(STAGE);
    const orders = `${files['pipelines/orders.yaml'] ?? ''}  - load_places: { load: lake.shop.places, to: warehouse.shop.places, mode: append }\n`;
    const reading = await withProject({ ...files, 'pipelines/orders.yaml': orders }, readProject);
    if ('problems' in reading) throw new Error(reading.problems.map(formatProblem).join('\n'));
    const { project } = reading;
    expect(project.stages.find(({ name }) => name === 'geocode')).toMatchObject({
      output: 'lake.shop.places',
      period: '1h',
      inputs: [{ dataset: 'lake.shop.orders', window: 'same' }],
      work: {
        kind: 'custom',
        module: 'stages/geocode.ts',
        options: { key: '${env:MAPS_KEY}', near: [{ city: 'Bonn' }] },
      },
    });
    expect(secretReferences(project)).toContainEqual({
      name: 'MAPS_KEY',
      usedBy: ['orders.geocode.with.key'],
    });
    expect(buildRoutingTable(1, project).datasets.get('lake.shop.places')?.type).toBe('s3');
  });

  test('is a line of what validate understood', async () => {
    let text = '';
    const code = await withProject(shopWith(STAGE), (dir) =>
      validate(dir, { write: (part: string) => (text += part) }, { json: false }),
    );
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text).toMatch(/geocode +custom +1h +-> lake\.shop\.places +after lake\.shop\.orders/);
  });

  test.each([
    ['stages/geocode.ts', 'stages/geo.ts', /custom: there is no file stages\/geo\.ts/],
    ['stages/geocode.ts', '../geocode.ts', /custom: the module lies outside of the project/],
    ['stages/geocode.ts', 'stages/notes.md', /custom: this is no module\. Name a file that ends in \.ts/],
    ['lake.shop.orders]', 'lake.shop.order]', /reads\[0\]|reads\.0: no stage produces lake\.shop\.order/],
    ['lake.shop.orders]', 'sea.shop.orders]', /no stage produces sea\.shop\.orders/],
    ['lake.shop.orders]', 'lake.shop.orders, lake.shop.orders]', /stands twice in this list\. Name it once/],
    [
      'lake.shop.orders]',
      '"warehouse.analytics.orders$check_orders"]',
      /result of a check, which is no table/,
    ],
    ['reads: [lake.shop.orders], ', '', /nothing starts this stage.*\. Add schedule: with a cron text/],
    ['lake.shop.places', 'sea.shop.places', /to: connection sea is not known/],
    ['"${env:MAPS_KEY}"', '"${env:MAPS_KEY}/v1"', /with\.key: this is no reference/],
    ['city: Bonn', 'city: "db://maps:geheim@host/x"', /city: this value holds a secret in plain text/],
  ])('with %s as %s is refused with a cure', async (find, put, message) => {
    expect(STAGE).toContain(find);
    const reading = await withProject(shopWith(STAGE.replace(find, () => put)), readProject);
    const text = 'problems' in reading ? reading.problems.map(formatProblem).join('\n') : '';
    expect(text).toMatch(message);
    expect(text).not.toContain('geheim');
  });
});

async function failureOf(action: () => unknown): Promise<StageFailure> {
  try {
    await action();
  } catch (error) {
    if (error instanceof StageFailure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('a module of a custom stage', () => {
  test('that cannot be used is named with the reason, when the worker starts and in the failure of its runs', async () => {
    const files = {
      'good.ts': 'export default async (run) => ({ rows: run.revision });',
      'none.ts': 'export const stage = () => ({ rows: 1 });',
      'broken.ts': 'throw new Error("no maps today");',
    };
    await withProject(files, async (dir) => {
      const { stageOf, problems } = stageModules(dir);
      expect(await (await stageOf('good.ts'))({ revision: 7 } as never, {} as never)).toEqual({ rows: 7 });
      const stages = ['good.ts', 'gone.ts', 'none.ts', 'broken.ts'].map((module) => ({
        name: module.slice(0, -3),
        period: '1d' as const,
        also: { work: { kind: 'custom' as const, module, options: {} } },
      }));
      const said = await problems(projectOf(stages));
      expect(said).toEqual([
        expect.stringContaining(`gone.ts is not in ${dir}. Deploy the worker with the files of the project`),
        expect.stringContaining('none.ts exports no stage. Let its default export be a function'),
        expect.stringContaining('broken.ts cannot be loaded (no maps today)'),
      ]);
      expect((await failureOf(() => stageOf('gone.ts'))).failureClass).toBe('invalid_config');
    });
  });

  test('finds reefline/stage wherever it lies', async () => {
    const module = `import { StageFailure } from 'reefline/stage';
      export default (): never => { throw new StageFailure('throttled', 'slowly'); };`;
    await withProject({ 'stage.ts': module }, async (dir) => {
      const worker = fileURLToPath(new URL('../../workers/stage-modules.ts', import.meta.url));
      const program = `import { provideStageEntry, stageModules } from ${JSON.stringify(worker)};
        provideStageEntry();
        const stage = await stageModules(${JSON.stringify(dir)}).stageOf('stage.ts');
        try { stage(); } catch (error) { console.log(error.failureClass); }`;
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--disable-warning=ExperimentalWarning',
        '--input-type=module',
        '-e',
        program,
      ]);
      expect(stdout).toBe('throttled\n');
    });
  });

  const run = {
    stage: {
      id: 'p.s',
      output: 'lake.shop.places',
      work: { kind: 'custom', module: 'm.ts', options: { key: '${env:KEY}' } },
    },
    revision: 2,
  } as unknown as StageRun<CustomWork>;

  test('is told the run and its options with the secrets in them', async () => {
    const seen: unknown[] = [];
    const stage = customStage({
      stageOf: () =>
        Promise.resolve((told) => {
          seen.push(told);
          return { rows: 0 };
        }),
      resolveText: (text) => text.replace('${env:KEY}', 'abc'),
    });
    expect(await stage(run, {} as StageTools)).toEqual({ rows: 0, bytes: null, uri: null, columns: null });
    expect(seen).toMatchObject([
      { stage: 'p.s', output: 'lake.shop.places', revision: 2, options: { key: 'abc' } },
    ]);
  });

  test('keeps the class of a failure that another copy of Reefline made', async () => {
    const foreign = Object.assign(new Error('slowly'), {
      name: 'StageFailure',
      failureClass: 'throttled',
      facts: { after: 3 },
    });
    const stage = customStage({
      stageOf: () => Promise.resolve(() => Promise.reject(foreign)),
      resolveText: (text) => text,
    });
    const failure = await failureOf(() => stage(run, {} as StageTools));
    expect(failure).toMatchObject({ failureClass: 'throttled', message: 'slowly', facts: { after: 3 } });
  });

  test.each<[unknown, RegExp]>([
    [undefined, /returned no object/],
    [{}, /rows that are no whole number/],
    [{ rows: -1 }, /rows that are no whole number/],
    [{ rows: 1, bytes: 1.5 }, /bytes that are no whole number/],
    [{ rows: 1, uri: 3 }, /a uri that is no text/],
    [{ rows: 1, columns: {} }, /columns that are no list/],
    [
      {
        rows: 1,
        columns: [{ name: 'a', type: { kind: 'decimal', precision: 40, scale: 0 }, nullable: true }],
      },
      /columns\[0\] that is no column/,
    ],
    [{ rows: 1, columns: [{ name: 'a', type: { kind: 'int' }, nullable: true }] }, /columns\[0\]/],
  ])('that returns %j is refused', (output, message) => {
    expect(() => checkCustomOutput(output, 'm.ts')).toThrow(message);
  });

  test('may return every type of column, and nothing else gets into the event', () => {
    const columns = [
      { name: 'a', type: { kind: 'decimal', precision: 38, scale: 10 }, nullable: false },
      { name: 'b', type: { kind: 'timestamp', zoned: true }, nullable: true },
      { name: 'c', type: { kind: 'text' }, nullable: true },
    ];
    expect(checkCustomOutput({ rows: 1, bytes: 2, uri: 's3://b/m', columns, extra: 'x' }, 'm.ts')).toEqual({
      rows: 1,
      bytes: 2,
      uri: 's3://b/m',
      columns,
    });
  });
});
