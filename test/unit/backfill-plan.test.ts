import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { layOut, type StageLayout } from '../../pipeline/backfill-layout.ts';
import { chooseNodes, itemKey, type LabelFacts } from '../../pipeline/backfill-choice.ts';
import { needKey, outsideNeeds } from '../../pipeline/backfill-needs.ts';
import { arrange, leadsAnew, type PlannedItem } from '../../pipeline/backfill-order.ts';
import { plannedLabels, summarisePlan } from '../../pipeline/backfill-plan.ts';
import type { RerunMode } from '../../pipeline/backfill-request.ts';
import { fitting } from '../../pipeline/backfill-room.ts';
import { labelsInRange, selectStages } from '../../pipeline/backfill-stages.ts';
import type { Project } from '../../pipeline/project.ts';
import { buildRoutingTable, type RoutingTable } from '../../pipeline/routing.ts';
import { OUTSIDE, projectOf } from '../support/project.ts';

const PROJECT = projectOf([
  { name: 'hourly', period: '1h', cron: '10 * * * *' },
  { name: 'loaded', period: '1h', reads: ['hourly'] },
  { name: 'daily', period: '1d', reads: ['loaded'] },
  { name: 'enriched', period: '1h', reads: ['hourly', 'daily'] },
  { name: 'priced', period: '1d', reads: [OUTSIDE, 'loaded'] },
]);
const TABLE = buildRoutingTable(1, PROJECT);
const NOW = Date.parse('2020-06-01T00:00:00Z');
const DAY = { from: '2020-03-01T00:00:00Z', to: '2020-03-02T00:00:00Z' };
const MIDNIGHT = Date.parse(DAY.from);

function clock(hours: number, milliseconds = 0): string {
  return new Date(MIDNIGHT + hours * 3_600_000 + milliseconds).toISOString();
}
const HOURS = 24;

interface Wish {
  readonly target?: string;
  readonly downstream?: boolean;
  readonly range?: { from: string; to: string };
  readonly now?: number;
  readonly facts?: readonly (readonly [stage: string, timelabel: string, facts: LabelFacts])[];
  readonly mode?: RerunMode;
  readonly backwards?: boolean;
  readonly table?: RoutingTable;
}

function select(wish: Wish): readonly StageLayout[] {
  const { target = 'p.hourly', downstream = false, table = TABLE } = wish;
  const selected = selectStages(table, { target, downstream, only: false });
  if ('problem' in selected) throw new Error(selected.problem);
  return layOut(table, selected.stages, wish.range ?? DAY, wish.now ?? NOW);
}

function plan(wish: Wish): { items: readonly PlannedItem[]; count: (stage: string) => number } {
  const facts = factsOf(wish);
  const nodes = chooseNodes(select(wish), facts, wish.mode ?? 'none');
  const items = arrange(nodes, facts, wish.mode ?? 'none', wish.backwards ?? false);
  return { items, count: (stage) => items.filter((item) => item.stage === `p.${stage}`).length };
}

function factsOf({ facts = [] }: Wish): ReadonlyMap<string, LabelFacts> {
  return new Map(
    facts.map(([stage, timelabel, known]) => [itemKey(`p.${stage}`, timelabel), known] as const),
  );
}

function hour(at: number): string {
  return `20200301${String(at).padStart(2, '0')}0000`;
}

const DONE: LabelFacts = { revision: 1, status: 'SUCCESS', stale: false };
const FAILED: LabelFacts = { revision: 1, status: 'FAILURE', stale: false };
const ids = (target: string, downstream: boolean): string[] => {
  const selected = selectStages(TABLE, { target, downstream, only: false });
  return 'stages' in selected ? selected.stages.map(({ name }) => name) : [selected.problem];
};

describe('the stages of a backfill', () => {
  test('are the one that is named, and with downstream all that its events start', () => {
    expect(ids('p.loaded', false)).toEqual(['loaded']);
    expect(ids('p.loaded', true)).toEqual(['loaded', 'daily', 'priced']);
  });

  test('leave out what only reads the newest label, for no event starts that', () => {
    expect(ids('p.daily', true)).toEqual(['daily']);
  });

  test('of a pipeline are all of it, each after those that feed it', () => {
    const names = ids('p', false);
    expect([...names].sort()).toEqual(['daily', 'enriched', 'hourly', 'loaded', 'priced']);
    for (const [before, after] of [
      ['hourly', 'loaded'],
      ['loaded', 'daily'],
      ['daily', 'enriched'],
    ] as const)
      expect(names.indexOf(before)).toBeLessThan(names.indexOf(after));
  });

  test('are refused with the known names when there is no such target', () => {
    expect(ids('p.hurly', false)).toEqual([
      'There is no pipeline and no stage "p.hurly". Known are p.hourly, p.loaded, p.daily, p.enriched, p.priced.',
    ]);
  });

  test('cannot be a whole pipeline without its events', () => {
    const refused = selectStages(TABLE, { target: 'p', downstream: false, only: true });
    expect(refused).toMatchObject({ problem: expect.stringContaining('"only" is for one stage') });
  });
});

describe('the labels of a backfill', () => {
  test('are those whose start is in the range, from inclusive and to exclusive', () => {
    const [stage] = select({ range: { from: clock(0, 1), to: clock(2) } });
    expect(stage?.nodes.map(({ timelabel }) => timelabel)).toEqual([hour(1)]);
  });

  test.each([
    ['1d@Europe/Berlin', ['20200228230000', '20200229230000']],
    ['1d@Pacific/Auckland', ['20200228110000', '20200229110000']],
    ['1d@America/Los_Angeles', ['20200229080000', '20200301080000']],
    ['1d', ['20200229000000', '20200301000000']],
  ] as const)(
    'between two dates are the days of the zone in which the stage cuts them: %s',
    (period, labels) => {
      expect(labelsInRange({ period }, { from: '2020-02-29', to: '2020-03-02' })).toEqual(labels);
    },
  );

  test('of a stage that is fed inside are those that its feeds affect, though they begin before the range', () => {
    const range = { from: clock(6), to: clock(8) };
    const layout = select({ downstream: true, range });
    const daily = layout.find(({ stage }) => stage.name === 'daily');
    expect(daily?.nodes.map(({ timelabel }) => timelabel)).toEqual([hour(0)]);
    expect(daily?.nodes[0]?.feeds).toHaveLength(2);
  });

  test('whose interval has not ended are left out and counted, with what they would feed', () => {
    const now = MIDNIGHT + 3 * 3_600_000 + 1;
    const [hourly, loaded, daily] = select({ target: 'p.hourly', downstream: true, now });
    expect(hourly).toMatchObject({ future: HOURS - 3 });
    expect(hourly?.nodes).toHaveLength(3);
    expect(loaded?.nodes).toHaveLength(3);
    expect(daily).toMatchObject({ future: 1, nodes: [] });
  });

  test('outside of the bounds of the schedule are left out and counted', () => {
    const stages = PROJECT.stages.map((stage) =>
      stage.schedule === undefined
        ? stage
        : {
            ...stage,
            schedule: { ...stage.schedule, from: '2020-03-01T06:00:00Z', until: '2020-03-01T12:30:00Z' },
          },
    );
    const bounded: Project = { ...PROJECT, stages };
    const [hourly] = select({ table: buildRoutingTable(1, bounded) });
    // The tick at 06:10 stands for 05:00, the one at 12:10 for 11:00.
    expect(hourly?.nodes.map(({ timelabel }) => timelabel)).toEqual([5, 6, 7, 8, 9, 10, 11].map(hour));
    expect(hourly?.outsideSchedule).toBe(HOURS - 7);
  });
});

describe('what runs', () => {
  test('rerun none leaves what is there and current alone, and runs what is missing, failed, skipped over or stale', () => {
    const facts = [
      ['hourly', hour(0), DONE],
      ['hourly', hour(1), FAILED],
      ['hourly', hour(2), { ...DONE, stale: true }],
      ['hourly', hour(3), { ...DONE, status: 'SKIPPED' }],
      ['hourly', hour(4), { ...DONE, status: 'CLOSED' }],
      ['hourly', hour(5), { ...DONE, status: 'WAITING' }],
    ] as const;
    const labels = plan({ facts }).items.map(({ timelabel }) => timelabel);
    expect(labels).toEqual([1, 2, ...Array.from({ length: 20 }, (_, at) => at + 4)].map(hour));
  });

  test('rerun failed runs failed labels and what they feed, and nothing that never ran', () => {
    const facts = [['hourly', hour(7), FAILED]] as const;
    const { items } = plan({ facts, mode: 'failed', downstream: true });
    expect(items.map(({ stage, timelabel }) => `${stage} ${timelabel}`)).toEqual([
      `p.hourly ${hour(7)}`,
      `p.loaded ${hour(7)}`,
      `p.enriched ${hour(7)}`,
      `p.daily ${hour(0)}`,
      `p.priced ${hour(0)}`,
    ]);
  });

  test('rerun all runs everything again, above what was there before', () => {
    const all = Array.from({ length: HOURS }, (_, at) => ['hourly', hour(at), DONE] as const);
    const { items } = plan({ facts: all, mode: 'all' });
    expect(items).toHaveLength(HOURS);
    expect(items.every(({ baseline }) => baseline === 1)).toBe(true);
  });

  test('a label of a lower stage that was never made runs although what feeds it is there', () => {
    const there = Array.from({ length: HOURS }, (_, at) => ['hourly', hour(at), DONE] as const);
    const { items, count } = plan({ facts: there, downstream: true });
    expect(count('hourly')).toBe(0);
    expect(count('loaded')).toBe(HOURS);
    const loaded = items.find(({ stage }) => stage === 'p.loaded');
    // Nothing before it will start it, so the backfill does.
    expect(loaded).toMatchObject({ upstream: [], lead: loaded?.position });
  });

  test('a run that is under way counts as the backfill’s, unless everything is to be made anew', () => {
    const under = (status: LabelFacts['status']): Wish => ({
      facts: [['hourly', hour(0), { revision: 3, status, stale: false }]],
    });
    const baseline = (wish: Wish): number | undefined => plan(wish).items[0]?.baseline;
    expect(baseline(under('RUNNING'))).toBe(2);
    expect(baseline({ ...under('RUNNING'), mode: 'all' })).toBe(3);
    // One that waits has not begun: what it makes is new in any case.
    expect(baseline({ ...under('WAITING'), mode: 'all' })).toBe(2);
  });
});

describe('the order', () => {
  test('goes label by label, all stages of a label before the next label, a day after its last hour', () => {
    const { items } = plan({ downstream: true });
    const text = items.map(({ stage, timelabel }) => `${stage.slice(2)} ${timelabel.slice(8, 10)}`);
    expect(text.slice(0, 6)).toEqual([
      'hourly 00',
      'loaded 00',
      'enriched 00',
      'hourly 01',
      'loaded 01',
      'enriched 01',
    ]);
    expect(text.slice(-5).sort()).toEqual(['daily 00', 'enriched 23', 'hourly 23', 'loaded 23', 'priced 00']);
  });

  test('backwards begins with the newest label, and a day still comes after all its hours', () => {
    const { items } = plan({ downstream: true, backwards: true });
    expect(items[0]).toMatchObject({ stage: 'p.hourly', timelabel: hour(23) });
    const hours = items.filter(({ stage }) => stage === 'p.loaded').map(({ position }) => position);
    for (const day of items.filter(({ stage }) => stage === 'p.daily' || stage === 'p.priced'))
      expect(day.position).toBeGreaterThan(Math.max(...hours));
  });

  test('keeps every item behind what feeds it, in both directions, and leads to an item that the backfill starts', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.constantFrom<RerunMode>('none', 'all'),
        fc.uniqueArray(fc.nat(HOURS - 1)),
        fc.nat(20),
        (backwards, mode, there, start) => {
          const facts = there.map((at) => ['loaded', hour(at), DONE] as const);
          const range = { from: clock(start), to: DAY.to };
          const { items } = plan({ target: 'p', backwards, mode, facts, range });
          for (const item of items) {
            for (const before of item.upstream)
              if (items[before]?.stage !== 'p.daily') expect(before).toBeLessThan(item.position);
            const lead = items[item.lead];
            expect(lead?.lead).toBe(lead?.position);
          }
          expect(items.map(({ position }) => position)).toEqual(items.map((_, at) => at));
        },
      ),
    );
  });

  test('of a retry leads every item to one that the backfill starts itself', () => {
    const items = [
      { position: 1, upstream: [0] },
      { position: 4, upstream: [1, 3] },
      { position: 7, upstream: [4, 1] },
    ];
    expect([...leadsAnew(items)]).toEqual([
      [1, 1],
      [4, 1],
      [7, 1],
    ]);
  });
});

describe('inputs from outside', () => {
  test('that are missing are counted and named; what the backfill makes itself is not', () => {
    const facts = factsOf({});
    const layout = select({ target: 'p.loaded', downstream: true });
    const nodes = chooseNodes(layout, facts, 'none');
    const needs = outsideNeeds(TABLE, nodes);
    const hours = Array.from({ length: HOURS - 1 }, (_, at) => hour(at));
    const there = [...needs.values()]
      .flat()
      .filter((need) => hours.includes(need.timelabel) && need.dataset.endsWith('hourly'));
    const present = new Set(there.map(needKey));
    const summary = summarisePlan(nodes, facts, needs, present);
    expect(summary.map(({ stage, toRun, incomplete }) => [stage, toRun, incomplete])).toEqual([
      ['p.loaded', HOURS - 1, 1],
      ['p.daily', 1, 0],
      ['p.priced', 0, 1],
    ]);
    expect(summary[0]?.exampleMissing).toEqual({
      timelabel: hour(23),
      dataset: 'warehouse.main.hourly',
      inputLabel: hour(23),
    });
    expect(summary[2]?.exampleMissing).toMatchObject({ dataset: OUTSIDE });
  });
});

describe('the numbers of a plan', () => {
  test('hold each label of a stage once, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom<LabelFacts['status'] | null>(null, 'SUCCESS', 'FAILURE', 'WAITING', 'RUNNING'),
          {
            minLength: HOURS,
            maxLength: HOURS,
          },
        ),
        fc.uniqueArray(fc.nat(HOURS - 1)),
        fc.constantFrom<RerunMode>('none', 'failed', 'all'),
        (statuses, there, mode) => {
          const facts = factsOf({
            facts: statuses.flatMap((status, at) =>
              status === null ? [] : [['loaded', hour(at), { revision: 1, status, stale: false }] as const],
            ),
          });
          const layout = select({ target: 'p.loaded', downstream: true });
          const nodes = chooseNodes(layout, facts, mode);
          const needs = outsideNeeds(TABLE, nodes);
          const hours = there.map(hour);
          const known = [...needs.values()].flat().filter((need) => hours.includes(need.timelabel));
          for (const [at, plan] of summarisePlan(
            nodes,
            facts,
            needs,
            new Set(known.map(needKey)),
          ).entries()) {
            const labels = layout[at]?.nodes ?? [];
            expect(plannedLabels(plan)).toBe(labels.filter((node) => nodes.chosen.has(node)).length);
            expect(plannedLabels(plan) + plan.existing).toBe(labels.length);
            expect(Math.min(plan.toRun, plan.inFlight, plan.incomplete)).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });

  test('tell the limit of restated labels of a stage that has one', () => {
    const limited = projectOf([
      { name: 'hourly', period: '1h', cron: '10 * * * *' },
      { name: 'loaded', period: '1h', reads: ['hourly'], also: { maxRestatedLabels: 20 } },
    ]);
    const layout = select({ table: buildRoutingTable(1, limited), downstream: true });
    const nodes = chooseNodes(layout, new Map(), 'none');
    const [hourly, loaded] = summarisePlan(nodes, new Map(), new Map(), new Set());
    expect(hourly).not.toHaveProperty('restatedLimit');
    expect(loaded).toMatchObject({ restatedLimit: 20 });
  });
});

describe('a year of hours in four stages', () => {
  test('is laid out and arranged within the time of a test', () => {
    const year = { from: '2019-01-01', to: '2020-01-01' };
    const { items, count } = plan({ target: 'p', range: year, mode: 'all' });
    expect(count('hourly')).toBe(8_760);
    expect(items).toHaveLength(3 * 8_760 + 2 * 365);
  });
});

describe('the room in flight', () => {
  test('is never exceeded, except by a first label that alone is heavier than it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 8 })),
        fc.nat(20),
        fc.boolean(),
        (weights, room, idle) => {
          const items = weights.map((weight, position) => ({ position, weight }));
          const taken = fitting(items, room, idle);
          const sum = taken.reduce((total, at) => total + (weights[at] ?? 0), 0);
          expect(taken).toEqual(taken.map((_, at) => at));
          if (taken.length > 1 || !idle) expect(sum).toBeLessThanOrEqual(room);
          if (idle && items.length > 0) expect(taken.length).toBeGreaterThan(0);
        },
      ),
    );
  });
});
