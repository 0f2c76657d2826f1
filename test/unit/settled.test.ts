import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { revisionKey, unsettledRevisions, type MadeOf } from '../../pipeline/settled.ts';
import type { Project } from '../../pipeline/project.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { labelAt, type Timelabel } from '../../pipeline/timelabel.ts';
import { projectOf, type StageSketch } from '../support/project.ts';
import { RoutingModel, type ModelEvent } from '../support/routing-model.ts';

/*
 * One restatement of one source label, after everything has run, in generated graphs with branches of different lengths
 * and different periods. The oracle walks the graph on its own and says which labels are affected.
 */
const HOURS: Readonly<Record<string, readonly number[]>> = { '1d': [0], '6h': [0, 6, 12, 18] };

function labelsOf(period: string): readonly Timelabel[] {
  return (HOURS[period] ?? []).map((hour) => labelAt(Date.UTC(2001, 0, 5, hour)));
}

/** Two sources and up to six stages; each reads any of those before it that are not coarser. */
const graphs: fc.Arbitrary<readonly StageSketch[]> = fc
  .array(
    fc.record({
      period: fc.constantFrom('6h', '6h', '1d'),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 3, maxLength: 6 },
  )
  .map((drawn) => {
    const graph: StageSketch[] = ['s0', 's1'].map((name) => ({ name, period: '6h' }));
    for (const [at, { period, picks }] of drawn.entries()) {
      const fitting = graph.filter((one) => one.period === '6h' || period === '1d');
      const reads = [...new Set(picks.map((pick) => fitting[pick % fitting.length]?.name ?? ''))];
      graph.push({ name: `d${String(at)}`, period: period, reads });
    }
    return graph;
  });

function sourceEvent(stage: StageDefinition, timelabel: Timelabel, revision: number): ModelEvent {
  const content = `${stage.name}@${timelabel}#${String(revision)}`;
  const id = `${stage.id}/${timelabel}/r${String(revision)}`;
  return { id, dataset: stage.output, timelabel, revision, status: 'SUCCESS', content };
}

function settle(model: RoutingModel, picks: readonly number[]): void {
  for (let step = 0; model.pending.length + model.running().length > 0; step += 1) {
    const running = model.running();
    const pick = (picks[step % Math.max(1, picks.length)] ?? 0) + step * 5;
    const at = pick % (model.pending.length + running.length);
    const run = running[at - model.pending.length];
    if (run !== undefined) {
      model.end(run);
      continue;
    }
    // Now and then an event is delivered twice.
    const twice = pick % 7 === 0 && step < 300;
    const [event] = twice ? model.pending.slice(at, at + 1) : model.pending.splice(at, 1);
    if (event !== undefined) model.deliver(event);
  }
}

/** What is below a label, by a walk that knows nothing of the rules: `stage@label` of every affected one. */
function below(project: Project, stage: StageDefinition, label: Timelabel): ReadonlySet<string> {
  const found = new Set<string>();
  const walk = (from: StageDefinition, at: Timelabel): void => {
    for (const next of project.stages) {
      if (!next.inputs.some(({ dataset }) => dataset === from.output)) continue;
      const day = `${at.slice(0, 8)}000000` as Timelabel;
      const affected = next.period === '1d' ? day : at;
      if (found.has(`${next.id}@${affected}`)) continue;
      found.add(`${next.id}@${affected}`);
      walk(next, affected);
    }
  };
  walk(stage, label);
  return found;
}

function counts(model: RoutingModel, project: Project): Map<string, number> {
  const derived = project.stages.filter(({ inputs }) => inputs.length > 0);
  return new Map(
    derived.flatMap((stage) =>
      labelsOf(stage.period).map((label) => [
        `${stage.id}@${label}`,
        model.runsOf(stage.id, label).filter(({ status }) => status !== 'WAITING').length,
      ]),
    ),
  );
}

interface Restated {
  readonly project: Project;
  readonly model: RoutingModel;
  readonly before: ReadonlyMap<string, number>;
  readonly affected: ReadonlySet<string>;
}

function restate(
  graph: readonly StageSketch[],
  hour: number,
  picks: readonly number[],
  fails: (content: string) => boolean,
): Restated {
  const project = projectOf(graph);
  const sources = project.stages.filter(({ inputs }) => inputs.length === 0);
  const events = sources.flatMap((stage) =>
    labelsOf(stage.period).map((label) => sourceEvent(stage, label, 1)),
  );
  const model = new RoutingModel(project, events, fails);
  settle(model, picks);
  const before = counts(model, project);
  const [source] = sources;
  const label = labelsOf('6h')[hour % 4];
  if (source === undefined || label === undefined) throw new Error('there is a source');
  model.pending.push(sourceEvent(source, label, 2));
  settle(model, [...picks].reverse());
  return { project, model, before, affected: below(project, source, label) };
}

describe('one restatement at the top', () => {
  test('runs every affected label below exactly once and nothing else, however events and runs interleave', () => {
    fc.assert(
      fc.property(graphs, fc.nat(3), fc.array(fc.nat(), { maxLength: 40 }), (graph, hour, picks) => {
        const { project, model, before, affected } = restate(graph, hour, picks, () => false);
        for (const [key, count] of counts(model, project))
          expect([key, count]).toEqual([key, (before.get(key) ?? 0) + (affected.has(key) ? 1 : 0)]);
      }),
      { numRuns: 300 },
    );
  });

  test('is never mixed with what it replaces, also when a branch fails', () => {
    fc.assert(
      fc.property(
        graphs,
        fc.nat(3),
        fc.nat(5),
        fc.array(fc.nat(), { maxLength: 40 }),
        (graph, hour, broken, picks) => {
          const { project, model } = restate(
            graph,
            hour,
            picks,
            (content) => content.startsWith(`p.d${String(broken)}@`) && content.includes('#2'),
          );
          const label = labelsOf('6h')[hour % 4] ?? '';
          for (const key of counts(model, project).keys()) {
            const [stage = '', at = ''] = key.split('@');
            for (const { inputs } of model.runsOf(stage, at)) {
              const content = inputs.join(' ');
              const mixed = content.includes(`s0@${label}#1`) && content.includes(`s0@${label}#2`);
              expect([key, mixed]).toEqual([key, false]);
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('the graphs hold what the rule is for: joins of branches that have an input in common', () => {
    const diamonds = fc.sample(graphs, 100).filter((graph) => {
      const reads = new Map(graph.map(({ name, reads: from }) => [name, from ?? []]));
      const above = (name: string): string[] => {
        const from = reads.get(name) ?? [];
        return from.length === 0 ? [name] : from.flatMap(above);
      };
      return graph.some(({ reads: from }) => {
        const sources = (from ?? []).flatMap((one) => [...new Set(above(one))]);
        return new Set(sources).size < sources.length;
      });
    });
    expect(diamonds.length).toBeGreaterThan(50);
  });
});

describe('what is settled', () => {
  const edge = (name: string, of: string, stale: boolean, failedSince = false): MadeOf => ({
    dataset: name,
    timelabel: 'l',
    revision: 1,
    input: { dataset: of, timelabel: 'l', revision: 1 },
    stale,
    failedSince,
  });

  test('nothing that was made of newest inputs up to the sources is unsettled', () => {
    expect(unsettledRevisions([edge('b', 'a', false), edge('c', 'b', false)]).size).toBe(0);
  });

  test('an input that moved on unsettles what was made of it, at any distance, and is named', () => {
    const found = unsettledRevisions([edge('d', 'c', false), edge('c', 'b', false), edge('b', 'a', true)]);
    expect([...found.keys()]).toEqual(
      ['b', 'c', 'd'].map((dataset) => revisionKey({ dataset, timelabel: 'l', revision: 1 })),
    );
    expect([...found.values()]).toEqual(
      Array.from({ length: 3 }, () => ({ cause: { dataset: 'a', timelabel: 'l' }, stalled: false })),
    );
  });

  test('what failed on the way stalls everything behind it, and nothing beside it', () => {
    const found = unsettledRevisions([
      edge('b', 'a', true, true),
      edge('c', 'b', false),
      edge('d', 'a', true),
      edge('e', 'd', false),
    ]);
    const stalled = [...found].filter(([, one]) => one.stalled).map(([key]) => key);
    expect(stalled.sort()).toEqual(
      ['b', 'c'].map((dataset) => revisionKey({ dataset, timelabel: 'l', revision: 1 })),
    );
    expect(found.size).toBe(4);
  });

  test('a sibling is left alone', () => {
    const found = unsettledRevisions([edge('b', 'a', true), edge('c', 'x', false)]);
    expect(found.has(revisionKey({ dataset: 'c', timelabel: 'l', revision: 1 }))).toBe(false);
  });
});
