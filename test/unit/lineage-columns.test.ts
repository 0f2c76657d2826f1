import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stageColumns } from '../../config/stage-columns.ts';
import { staticTables } from '../../config/static-tables.ts';
import {
  columnKey,
  type ColumnStep,
  type KnownColumns,
  type MadeColumn,
  sourcesOf,
  usesOf,
  vagueReadersOf,
} from '../../pipeline/column-lineage.ts';
import { lineageGraph, type LineageGraph } from '../../pipeline/lineage.ts';
import type { StageDefinition, StageWork } from '../../pipeline/stage.ts';
import { projectOf } from '../support/project.ts';

const SOURCE = 'shop.public.orders';
const WORK: Readonly<Record<string, StageWork>> = {
  staged: { kind: 'extract', from: SOURCE, mode: 'snapshot', format: 'parquet' },
  orders: { kind: 'load', from: 'warehouse.main.staged', mode: 'append', key: [] },
  served: { kind: 'publish', from: 'warehouse.main.daily', key: ['day'], rows: 'all' },
};
const TRANSFORM = { kind: 'transform', file: 'sql/x.sql', mode: 'append', key: [] } as const;

interface Read {
  readonly graph: LineageGraph;
  readonly known: KnownColumns;
}

/** shop -> staged -> orders -> daily -> served, where `daily` runs the SQL. */
function reading(sql: string, seen: Readonly<Record<string, readonly string[]>> = {}): Read {
  const project = projectOf([
    { name: 'staged', period: '1h' },
    { name: 'orders', period: '1h', reads: ['staged'] },
    { name: 'customers', period: '1h' },
    { name: 'daily', period: '1d', reads: ['orders', 'customers'] },
    { name: 'served', period: '1d', reads: ['daily'] },
  ]);
  const stages = project.stages.map((stage): StageDefinition => ({
    ...stage,
    work: WORK[stage.name] ?? {
      ...TRANSFORM,
      sql: stage.name === 'daily' ? sql : 'select * from ref.people',
    },
  }));
  const whole = { ...project, stages };
  const statics = staticTables(whole);
  const graph = lineageGraph(whole, statics);
  const named = new Map(Object.entries(seen).map(([name, columns]) => [`warehouse.main.${name}`, columns]));
  return { graph, known: stageColumns(whole, graph, statics, named) };
}

const short = (dataset: string): string => dataset.replace('warehouse.main.', '');

/** `orders.amount`, with a `?` in front when it is only possible. */
function up({ graph, known }: Read, dataset: string, column: string): readonly string[] {
  const { steps, complete } = sourcesOf(graph, known, { dataset: full(dataset), column });
  const from = steps.map(
    (step) => `${step.certain ? '' : '? '}${short(step.from.dataset)}.${step.from.column}`,
  );
  return [...from.toSorted(), ...(complete ? [] : ['?'])];
}

function down({ graph, known }: Read, dataset: string, column: string): readonly string[] {
  return usesOf(graph, known, { dataset: full(dataset), column }).map(
    ({ to, certain }) => `${certain ? '' : '? '}${short(to.dataset)}.${to.column}`,
  );
}

function full(name: string): string {
  return name.includes('.') ? name : `warehouse.main.${name}`;
}

function ofStage({ graph, known }: Read, name: string): readonly MadeColumn[] {
  return known.madeBy(graph.producersOf(full(name))[0] as StageDefinition);
}

describe('the columns of a stage', () => {
  test('keep their names through extract, load and publish, also when nobody knows them', () => {
    const read = reading('select o.amount as total from main.orders o, main.customers c');
    expect(up(read, 'served', 'total')).toEqual(['daily.total']);
    expect(up(read, 'daily', 'total')).toEqual(['orders.amount']);
    expect(up(read, 'orders', 'amount')).toEqual(['staged.amount']);
    expect(up(read, 'staged', 'amount')).toEqual([`${SOURCE}.amount`]);
    expect(up(read, SOURCE, 'amount')).toEqual([]);
    expect(down(read, SOURCE, 'AMOUNT')).toEqual(['staged.AMOUNT']);
    expect(down(read, 'orders', 'amount')).toEqual(['daily.total']);
  });

  test('are listed as soon as a run saw those of the dataset or of one that it is made of', () => {
    const read = reading('select * from main.orders, main.customers', { staged: ['id', 'amount'] });
    expect(ofStage(read, 'orders')).toEqual([
      { kind: 'column', name: 'id', from: [{ dataset: full('staged'), column: 'id' }], complete: true },
      {
        kind: 'column',
        name: 'amount',
        from: [{ dataset: full('staged'), column: 'amount' }],
        complete: true,
      },
    ]);
    expect(read.known.of(SOURCE)).toEqual(['id', 'amount']);
  });

  test('that * brings are expanded through transforms and loads when all datasets are known', () => {
    const read = reading('select o.*, c.name from dev.main.orders o join main.customers c on true', {
      staged: ['id', 'amount'],
      customers: ['id', 'name'],
    });
    expect(read.known.of(full('served'))).toEqual(['id', 'amount', 'name']);
    expect(up(read, 'daily', 'amount')).toEqual(['orders.amount']);
  });

  test('that * brings from two datasets belong to the one that is known to have them', () => {
    const read = reading('select * from main.orders o join main.customers c on true', {
      staged: ['id', 'amount'],
    });
    expect(up(read, 'daily', 'amount')).toEqual(['orders.amount']);
    expect(up(read, 'daily', 'name')).toEqual(['customers.name']);
    const nobody = reading('select * from main.orders o join main.customers c on true');
    expect(up(nobody, 'daily', 'name')).toEqual(['? customers.name', '? orders.name']);
    expect(down(nobody, 'customers', 'name')).toEqual(['? daily.name']);
  });

  test('come from the dataset itself when a transform reads what it wrote before', () => {
    const read = reading(
      'select o.id, coalesce(d.total, 0) + o.amount as total from main.orders o left join main.daily d on d.id = o.id',
    );
    expect(up(read, 'daily', 'total')).toEqual(['daily.total', 'orders.amount']);
    expect(down(read, 'daily', 'total')).toEqual(['served.total', 'daily.total']);
  });

  test('come from static tables by the names that these would have as datasets', () => {
    const read = reading('select f.rate, o.id from main.orders o join ref.rates f on true');
    expect(up(read, 'daily', 'rate')).toEqual(['warehouse.ref.rates.rate']);
    expect(down(read, 'warehouse.ref.rates', 'rate')).toEqual(['daily.rate']);
  });

  test('computed from a field of a row, which looks like a table, are marked', () => {
    const read = reading('select o.id, i.price from main.orders o, o.items i');
    expect(up(read, 'daily', 'price')).toEqual(['?']);
    expect(vagueReadersOf(read.graph, read.known, full('orders')).map(({ name }) => name)).toEqual(['daily']);
  });

  test('without a name are told by their place', () => {
    const read = reading('select id, count(*) from main.orders group by 1');
    expect(ofStage(read, 'daily').map((made) => made.kind === 'column' && made.name)).toEqual([
      'id',
      '(column 2)',
    ]);
  });
});

test('the columns of a chain of 10,000 stages come from its start', () => {
  const project = projectOf(
    Array.from({ length: 10_000 }, (_, at) => ({
      name: `n${String(at)}`,
      period: '1d' as const,
      reads: at === 0 ? [] : [`n${String(at - 1)}`],
    })),
  );
  const stages = project.stages.map((stage, at): StageDefinition => {
    const from = at === 0 ? SOURCE : `warehouse.main.n${String(at - 1)}`;
    return { ...stage, work: { kind: 'register', from } };
  });
  const graph = lineageGraph({ ...project, stages }, { of: () => [], readers: () => [] });
  const seen = new Map([[full('n0'), ['id']]]);
  const known = stageColumns({ ...project, stages }, graph, staticTables({ ...project, stages }), seen);
  expect(known.of(full('n9999'))).toEqual(['id']);
});

describe('steps between columns', () => {
  const NAMES = ['a', 'b', 'c'];
  const aMade = (inputs: readonly string[]): fc.Arbitrary<readonly MadeColumn[]> => {
    const dataset = fc.constantFrom(...inputs);
    const column = fc.record({
      kind: fc.constant('column' as const),
      name: fc.constantFrom('a', 'B', 'c'),
      from: fc.array(fc.record({ dataset, column: fc.constantFrom('A', 'b', 'c') }), { maxLength: 3 }),
      complete: fc.boolean(),
    });
    const every = fc.record({
      kind: fc.constant('every' as const),
      datasets: fc.uniqueArray(dataset, { maxLength: 2 }),
      certain: fc.boolean(),
    });
    return fc.array(fc.oneof(column, every), { maxLength: 4 });
  };

  test('down from a column are exactly the steps up that end at it, with the same certainty', () => {
    const sketches = ['x', 'y', 'z'].map((name, at, all) => ({
      name,
      period: '1d' as const,
      reads: all.slice(0, at),
    }));
    const project = projectOf(sketches);
    const graph = lineageGraph(project, { of: () => [], readers: () => [] });
    const made = fc.tuple(
      ...project.stages.map((_, at) => aMade(['x', 'y', 'z'].slice(0, at + 1).map(full))),
    );
    const columns = fc.array(fc.option(fc.subarray(NAMES)), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(made, columns, (lists, listed) => {
        const index = (dataset: string): number =>
          project.stages.findIndex(({ output }) => output === dataset);
        const known: KnownColumns = {
          madeBy: ({ output }) => lists[index(output)] ?? [],
          of: (dataset) => listed[index(dataset)] ?? undefined,
        };
        const all = project.stages.flatMap(({ output }) =>
          NAMES.map((column) => ({ dataset: output, column })),
        );
        const ups = all.flatMap((to) => sourcesOf(graph, known, to).steps.map(text)).toSorted();
        const downs = all.flatMap((from) => usesOf(graph, known, from).map(text)).toSorted();
        expect(downs).toEqual(ups);
        expect(new Set(ups).size).toBe(ups.length);
      }),
    );
  });

  function text({ from, to, certain }: ColumnStep): string {
    return `${columnKey(from)} ${columnKey(to)} ${String(certain)}`;
  }
});
