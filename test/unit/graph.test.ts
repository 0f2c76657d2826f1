import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dependentsByDataset, findCycles, type GraphStage, topologicalOrder } from '../../pipeline/graph.ts';

function stage(id: string, ...reads: string[]): GraphStage {
  return { id, output: `d_${id}`, inputs: reads.map((read) => ({ dataset: `d_${read}` })) };
}

const ids = (stages: readonly GraphStage[]): string[] => stages.map(({ id }) => id);

describe('dependents', () => {
  test('lists the stages that read a dataset, each once', () => {
    const found = dependentsByDataset([stage('a'), stage('b', 'a', 'a'), stage('c', 'b', 'a')]);
    expect(ids(found.get('d_a') ?? [])).toEqual(['b', 'c']);
    expect(found.get('d_c')).toBeUndefined();
  });
});

describe('order', () => {
  test('puts a stage after what it reads, whatever order they are written in', () => {
    const { ordered, stuck } = topologicalOrder([stage('c', 'b', 'outside'), stage('b', 'a'), stage('a')]);
    expect(ids(ordered)).toEqual(['a', 'b', 'c']);
    expect(stuck).toEqual([]);
  });

  test('orders a chain of 20,000 stages', () => {
    const chain = Array.from({ length: 20_000 }, (_, at) => stage(String(at), String(at + 1)));
    expect(topologicalOrder(chain).ordered).toHaveLength(20_000);
  });
});

describe('cycles', () => {
  test('are named in the direction of the data, from the stage that is written first', () => {
    const cycles = findCycles([
      stage('x'),
      stage('a', 'c', 'x'),
      stage('b', 'a'),
      stage('c', 'b'),
      stage('after', 'c'),
    ]);
    expect(cycles.map(ids)).toEqual([['a', 'b', 'c']]);
  });

  test('are all named when they do not touch', () => {
    const cycles = findCycles([stage('a', 'b'), stage('b', 'a'), stage('c', 'c'), stage('d', 'a', 'c')]);
    expect(cycles.map(ids)).toEqual([['a', 'b'], ['c']]);
  });

  test('exist exactly when stages cannot be ordered, and each step of one is an input', () => {
    const graph = fc
      .integer({ min: 1, max: 12 })
      .chain((size) =>
        fc
          .array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 24 })
          .map((edges) =>
            Array.from({ length: size }, (_, at) =>
              stage(String(at), ...edges.filter(([to]) => to === at).map(([, from]) => String(from))),
            ),
          ),
      );
    fc.assert(
      fc.property(graph, (stages) => {
        const { ordered, stuck } = topologicalOrder(stages);
        const place = new Map(ordered.map(({ output }, at) => [output, at]));
        for (const [at, { inputs }] of ordered.entries()) {
          for (const { dataset } of inputs) expect(place.get(dataset)).toBeLessThan(at);
        }
        const cycles = findCycles(stages);
        expect(cycles.length > 0).toBe(stuck.length > 0);
        for (const cycle of cycles) {
          for (const [at, { inputs }] of cycle.entries()) {
            expect(inputs).toContainEqual({ dataset: cycle.at(at - 1)?.output });
          }
        }
      }),
    );
  });
});
