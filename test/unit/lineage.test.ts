import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { staticTables } from '../../config/static-tables.ts';
import {
  checksOf,
  lineageGraph,
  type LineageGraph,
  lineageOf,
  type StaticTables,
} from '../../pipeline/lineage.ts';
import type { Project } from '../../pipeline/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { type Branch, type TreeLine, treeLines } from '../../pipeline/tree-lines.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const NO_STATICS: StaticTables = { of: () => [], readers: () => [] };
const EXTRACT = { kind: 'extract', mode: 'snapshot', format: 'parquet' } as const;

const d = (name: string): string => `warehouse.main.${name}`;

function found(graph: LineageGraph, dataset: string, direction: 'up' | 'down', depth?: number): string[] {
  return [...lineageOf(graph, dataset, direction, depth).datasets.keys()];
}

/** The stages of a graph by numbers; `reads` are numbers of stages, and may go in circles. */
function graphOf(reads: readonly (readonly number[])[]): LineageGraph {
  const project = projectOf(
    reads.map((inputs, at) => ({
      name: `n${String(at)}`,
      period: '1d',
      reads: inputs.map((input) => `n${String(input)}`),
    })),
  );
  return lineageGraph(project, NO_STATICS);
}

const aGraph = fc
  .integer({ min: 1, max: 14 })
  .chain((size) =>
    fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }),
  );

describe('walks', () => {
  test('up from x finds y exactly when down from y finds x, at the same distance, also around cycles', () => {
    fc.assert(
      fc.property(aGraph, fc.constantFrom(1, 2, 3, Infinity), (reads, depth) => {
        const graph = graphOf(reads);
        const all = reads.map((_, at) => d(`n${String(at)}`));
        for (const x of all) {
          for (const y of all) {
            const up = lineageOf(graph, x, 'up', depth).datasets.get(y);
            expect(lineageOf(graph, y, 'down', depth).datasets.get(x)).toBe(up);
          }
        }
      }),
    );
  });

  test('find each way once, and only ways between what they found', () => {
    fc.assert(
      fc.property(aGraph, (reads) => {
        const { datasets, hops } = lineageOf(graphOf(reads), d('n0'), 'up');
        const keys = hops.map(({ from, stage }) => `${from} ${stage.id}`);
        expect(new Set(keys).size).toBe(keys.length);
        for (const { from, stage } of hops) {
          expect(datasets.has(from)).toBe(true);
          expect(datasets.has(stage.output)).toBe(true);
        }
      }),
    );
  });

  test('reach from the table of an extract to what is published, and back', () => {
    const project = chainFromShop();
    const graph = lineageGraph(project, NO_STATICS);
    expect(found(graph, d('served'), 'up')).toEqual([d('served'), d('staged'), 'shop.public.orders']);
    expect(found(graph, 'shop.public.orders', 'down')).toEqual([
      'shop.public.orders',
      d('staged'),
      d('served'),
    ]);
    expect(graph.originOf('shop.public.orders')).toBe('source');
    expect(graph.originOf(OUTSIDE)).toBe('outside');
    expect(graph.originOf(d('served'))).toBe('stage');
    expect(graph.originOf(d('nothing'))).toBeUndefined();
  });

  test('end at the depth, which counts stages', () => {
    const graph = graphOf([[], [0], [1], [2]]);
    expect(found(graph, d('n3'), 'up', 2)).toEqual([d('n3'), d('n2'), d('n1')]);
    expect(found(graph, d('n0'), 'down', 1)).toEqual([d('n0'), d('n1')]);
  });

  test('pass a chain of 20,000 stages', () => {
    const graph = graphOf(Array.from({ length: 20_000 }, (_, at) => (at === 0 ? [] : [at - 1])));
    expect(found(graph, d('n19999'), 'up')).toHaveLength(20_000);
    expect(treeLines(d('n0'), below(graph))).toHaveLength(20_000);
  });
});

describe('checks', () => {
  test('are named for the input that waits for them, and for no other', () => {
    const project = projectOf([
      { name: 'orders', period: '1h' },
      { name: 'check_orders', period: '1h', reads: ['orders'] },
      { name: 'daily', period: '1d', reads: ['orders', 'check_orders', OUTSIDE] },
    ]);
    const stages = project.stages.map((stage) => ({
      ...stage,
      inputs: stage.inputs.map((input) =>
        input.dataset === d('check_orders') ? { ...input, gate: d('orders') } : input,
      ),
    }));
    const graph = lineageGraph({ ...project, stages }, NO_STATICS);
    const daily = stages[2] as StageDefinition;
    expect(checksOf(graph, daily, d('orders')).map(({ id }) => id)).toEqual(['p.check_orders']);
    expect(checksOf(graph, daily, OUTSIDE)).toEqual([]);
  });
});

describe('static tables', () => {
  const project = withSql({
    daily: `select o.x, c.day from main.orders o join DEV.ref.calendar c on true, o.items i, main.daily`,
    other: 'select 1 as one from main.orders where code in (select code from ref."code-list")',
  });
  const graph = lineageGraph(project, staticTables(project));

  test('are the tables that the SQL reads beside inputs, itself, and fields of rows', () => {
    expect(graph.into(d('daily')).map(({ from, via }) => `${via} ${from}`)).toEqual([
      `input ${d('orders')}`,
      'static warehouse.ref.calendar',
    ]);
  });

  test('lead down to their readers', () => {
    expect(graph.originOf('warehouse.ref.code-list')).toBe('static');
    expect(found(graph, 'warehouse.ref.code-list', 'down')).toEqual(['warehouse.ref.code-list', d('other')]);
    expect(found(graph, d('orders'), 'down')).toEqual([d('orders'), d('daily'), d('other')]);
  });
});

describe('the lines of a tree', () => {
  test('open what is reached by two ways once, and refer to it afterwards', () => {
    // n4 reads n2 and n3, both of them n1, and that n0.
    const graph = graphOf([[], [0], [1], [1], [2, 3]]);
    expect(shown(treeLines(d('n4'), above(graph)))).toEqual([
      'n4 here',
      '  n2 here',
      '    n1 here',
      '      n0 none',
      '  n3 here',
      '    n1 above',
    ]);
  });

  test('with a depth, open it where the depth reaches furthest', () => {
    // n3 reads n2, and n1 directly; n2 reads n1; n1 reads n0.
    const graph = graphOf([[], [0], [1], [2, 1]]);
    expect(shown(treeLines(d('n3'), above(graph), 2))).toEqual([
      'n3 here',
      '  n2 here',
      '    n1 below',
      '  n1 here',
      '    n0 none',
    ]);
    expect(shown(treeLines(d('n3'), above(graph), 1))).toEqual(['n3 here', '  n2 cut', '  n1 cut']);
  });

  test('show everything that the walk finds, open each dataset once, and end, whatever the graph is', () => {
    fc.assert(
      fc.property(aGraph, fc.constantFrom(1, 2, 3, Infinity), (reads, depth) => {
        const graph = graphOf(reads);
        const lines = treeLines(d('n0'), above(graph), depth);
        expect(new Set(lines.map(({ id }) => id))).toEqual(new Set(found(graph, d('n0'), 'up', depth)));
        const opened = lines.filter(({ children }) => children === 'here').map(({ id }) => id);
        expect(new Set(opened).size).toBe(opened.length);
        for (const { level } of lines) expect(level).toBeLessThanOrEqual(depth);
        for (const line of lines.filter(({ children }) => children === 'above' || children === 'below'))
          expect(opened).toContain(line.id);
      }),
    );
  });
});

function above(graph: LineageGraph): (id: string) => readonly Branch<null>[] {
  return (id) => graph.into(id).map(({ from }) => ({ id: from, edge: null }));
}

function below(graph: LineageGraph): (id: string) => readonly Branch<null>[] {
  return (id) => graph.outOf(id).map(({ stage }) => ({ id: stage.output, edge: null }));
}

function shown(lines: readonly TreeLine<null>[]): readonly string[] {
  return lines.map(({ level, id, children }) => `${'  '.repeat(level)}${id.split('.')[2] ?? ''} ${children}`);
}

function chainFromShop(): Project {
  const project = projectOf([
    { name: 'staged', period: '1h' },
    { name: 'served', period: '1h', reads: ['staged'] },
  ]);
  const [staged, served] = project.stages as [StageDefinition, StageDefinition];
  return { ...project, stages: [{ ...staged, work: { ...EXTRACT, from: 'shop.public.orders' } }, served] };
}

/** Two transforms with an input `orders`, and their SQL. */
function withSql(texts: Readonly<Record<string, string>>): Project {
  const project = projectOf([
    { name: 'orders', period: '1d' },
    ...Object.keys(texts).map((name) => ({ name, period: '1d' as const, reads: ['orders'] })),
  ]);
  const stages = project.stages.map((stage) => {
    const { work, name } = stage;
    return work.kind === 'transform' ? { ...stage, work: { ...work, sql: texts[name] ?? work.sql } } : stage;
  });
  return { ...project, stages };
}
