import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Period } from '../../pipeline/period.ts';
import type { Project } from '../../pipeline/project.ts';
import type { DataStatus, StageDefinition } from '../../pipeline/stage.ts';
import { labelAt, type Timelabel } from '../../pipeline/timelabel.ts';
import { projectOf, type StageSketch } from '../support/project.ts';
import { contentOf, RoutingModel, type ModelEvent } from '../support/routing-model.ts';

/*
 * Whatever the order, the duplication and the interleaving of events and runs, the end is the same: every label whose
 * inputs are complete was made of the newest inputs, and with a bounded number of revisions. The oracle below knows
 * nothing of the rules: it computes the end from the source events alone.
 */
const DAYS = [0, 1];
/** Hours of a day that a dataset of this period has labels for. */
const HOURS: Readonly<Record<string, readonly number[]>> = {
  '1d': [0],
  '6h': [0, 6, 12, 18],
  '1h': hoursOfDay(),
};

function hoursOfDay(): readonly number[] {
  return Array.from({ length: 24 }, (_, hour) => hour);
}

function labelsOf(period: Period): readonly Timelabel[] {
  return DAYS.flatMap((day) =>
    (HOURS[period] ?? []).map((hour) => labelAt(Date.UTC(2001, 0, 5 + day, hour))),
  );
}

interface Scenario {
  readonly project: Project;
  readonly events: readonly ModelEvent[];
  /** Source revisions, none of them the newest, that make every run that reads them fail. */
  readonly poison: ReadonlySet<string>;
}

function isSource(stage: StageDefinition): boolean {
  return stage.inputs.length === 0;
}

/** Sources first, then stages that read some of what was drawn before them and is not coarser. */
const sketches: fc.Arbitrary<readonly StageSketch[]> = fc
  .tuple(
    fc.array(fc.constantFrom<Period>('1h', '6h', '1d'), { minLength: 1, maxLength: 2 }),
    fc.array(
      fc.record({
        period: fc.constantFrom<Period>('6h', '1d'),
        picks: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        failures: fc.boolean(),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([sources, drawn]) => {
    const graph: StageSketch[] = sources.map((period, at) => ({ name: `s${String(at)}`, period }));
    for (const [at, { period, picks, failures }] of drawn.entries()) {
      const fitting = graph.filter((one) => (HOURS[one.period]?.length ?? 0) >= (HOURS[period]?.length ?? 0));
      const reads = [
        ...new Set(picks.map((pick) => fitting[pick % Math.max(1, fitting.length)]?.name ?? '')),
      ];
      if (fitting.length > 0)
        graph.push({
          name: `d${String(at)}`,
          period,
          reads,
          on: failures ? ['SUCCESS', 'FAILURE'] : ['SUCCESS'],
        });
    }
    return graph;
  });

const scenarios: fc.Arbitrary<Scenario> = sketches.chain((graph) => {
  const project = projectOf(graph);
  const labels = project.stages
    .filter(isSource)
    .flatMap((stage) => labelsOf(stage.period).map((label) => ({ stage, label })));
  // Most labels arrive once; some are restated, fail, or never come.
  const history = fc.oneof(
    { weight: 12, arbitrary: fc.constant<DataStatus[]>(['SUCCESS']) },
    { weight: 3, arbitrary: fc.array(fc.constantFrom<DataStatus>('SUCCESS', 'FAILURE'), { maxLength: 3 }) },
  );
  return fc
    .tuple(
      fc.array(history, { minLength: labels.length, maxLength: labels.length }),
      fc.array(fc.boolean(), { minLength: labels.length, maxLength: labels.length }),
    )
    .map(([histories, poisoned]) => {
      const poison = new Set<string>();
      const events = labels.flatMap(({ stage, label }, at) => {
        const statuses = histories[at] ?? [];
        const newest = statuses.lastIndexOf('SUCCESS');
        return statuses.map((status, index): ModelEvent => {
          const content = `${stage.name}@${label}#${String(index + 1)}`;
          if (poisoned[at] === true && index < newest) poison.add(content);
          const id = `${stage.id}/${label}/r${String(index + 1)}`;
          return { id, dataset: stage.output, timelabel: label, revision: index + 1, status, content };
        });
      });
      return { project, events, poison };
    });
});

/** Plays the scenario; each number picks what happens next and whether a delivered event comes again. */
function play({ project, events, poison }: Scenario, picks: readonly number[]): RoutingModel {
  const model = new RoutingModel(project, events, (content) =>
    [...poison].some((bad) => content.includes(bad)),
  );
  for (let step = 0; model.pending.length + model.running().length > 0; step += 1) {
    const pick = picks.length === 0 ? 0 : (picks[step % picks.length] ?? 0) + step * 7;
    const running = model.running();
    const at = pick % (model.pending.length + running.length);
    const run = running[at - model.pending.length];
    if (run !== undefined) model.end(run);
    else {
      const again = pick % 5 === 0 && step < 200;
      const [event] = again ? model.pending.slice(at, at + 1) : model.pending.splice(at, 1);
      if (event !== undefined) model.deliver(event);
    }
  }
  return model;
}

/** What each label must be made of in the end, and how many revisions it may have had, from the sources alone. */
function oracle({ project, events }: Scenario): {
  contents: Map<string, string>;
  bounds: Map<string, number>;
} {
  const contents = new Map<string, string>();
  const bounds = new Map<string, number>();
  const inputOf = (stage: StageDefinition, on: readonly string[], label: Timelabel): string | undefined =>
    isSource(stage)
      ? events.findLast(
          (event) => event.dataset === stage.output && event.timelabel === label && on.includes(event.status),
        )?.content
      : contents.get(`${stage.id}@${label}`);
  for (const stage of project.stages.filter((one) => !isSource(one))) {
    for (const label of labelsOf(stage.period)) {
      const needed = stage.inputs.flatMap((input) => {
        const producer = project.stages.find(({ output }) => output === input.dataset);
        if (producer === undefined) throw new Error(input.dataset);
        const width = 24 / (HOURS[stage.period]?.length ?? 1);
        const from = Number(label.slice(8, 10));
        return labelsOf(producer.period)
          .filter((one) => one.slice(0, 8) === label.slice(0, 8))
          .filter((one) => Number(one.slice(8, 10)) >= from && Number(one.slice(8, 10)) < from + width)
          .map((one) => ({ producer, on: input.on, label: one }));
      });
      const key = `${stage.id}@${label}`;
      const made = needed.map((one) => inputOf(one.producer, one.on, one.label));
      if (made.every((content) => content !== undefined)) contents.set(key, contentOf(stage.id, label, made));
      const revisions = needed.map((one) =>
        isSource(one.producer)
          ? events.filter((event) => event.dataset === one.producer.output && event.timelabel === one.label)
              .length
          : (bounds.get(`${one.producer.id}@${one.label}`) ?? 0),
      );
      bounds.set(key, 1 + revisions.reduce((sum, count) => sum + Math.max(0, count - 1), 0));
    }
  }
  return { contents, bounds };
}

describe('the end is the same', () => {
  test('under any order, duplication and interleaving of events, runs, failures and restatements', () => {
    fc.assert(
      fc.property(scenarios, fc.array(fc.nat(), { maxLength: 60 }), (scenario, picks) => {
        const model = play(scenario, picks);
        const { contents, bounds } = oracle(scenario);
        expect(Object.fromEntries(model.contents())).toEqual(Object.fromEntries(contents));
        for (const stage of scenario.project.stages) {
          for (const label of labelsOf(stage.period)) {
            const runs = model.runsOf(stage.id, label);
            expect(runs.length).toBeLessThanOrEqual(bounds.get(`${stage.id}@${label}`) ?? 0);
            expect(runs.map(({ revision }) => revision)).toEqual(runs.map((_, at) => at + 1));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('without restatements every label runs exactly once, however the events come', () => {
    const once = scenarios.map((scenario) => ({
      ...scenario,
      poison: new Set<string>(),
      events: scenario.events.filter(({ revision, status }) => revision === 1 && status === 'SUCCESS'),
    }));
    fc.assert(
      fc.property(once, fc.array(fc.nat(), { maxLength: 60 }), (scenario, picks) => {
        const model = play(scenario, picks);
        const { contents } = oracle(scenario);
        for (const key of contents.keys()) {
          const [stage = '', label = ''] = key.split('@');
          expect(model.runsOf(stage, label)).toHaveLength(1);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('the oracle is not empty: most scenarios have labels that must run, and some that must wait', () => {
    const counts = fc.sample(scenarios, 100).map((scenario) => {
      const { contents, bounds } = oracle(scenario);
      return { must: contents.size, all: bounds.size };
    });
    expect(counts.filter(({ must }) => must > 0).length).toBeGreaterThan(50);
    expect(counts.filter(({ must, all }) => must < all).length).toBeGreaterThan(5);
  });
});
