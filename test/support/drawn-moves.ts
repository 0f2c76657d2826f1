import fc from 'fast-check';
import type { JoinRule } from '../../pipeline/stage.ts';
import type { StageSketch } from './project.ts';
import type { Picking } from './routing-play.ts';

/* What test/integration/moves.test.ts draws: graphs, what people and services do to them, and in which order it is dealt with. */

export const HALVES = ['20010105000000', '20010105120000'];
export const LABELS = { '12h': HALVES, '1d': HALVES.slice(0, 1) } as const;
export const SOURCES = ['s0', 's1'];
const STAGES = 4;
export interface Drawn {
  readonly period: '12h' | '1d';
  readonly picks: readonly number[];
  readonly when: JoinRule;
  readonly limit: number | null;
  /** True when a blocking check looks at what it makes, before anybody takes it. */
  readonly checked?: boolean;
}

const aRule: fc.Arbitrary<JoinRule> = fc.constantFrom<JoinRule>('all', 'all', 'any', { atLeast: 2 });
export const graphs = fc.array(
  fc.record<Drawn>({
    period: fc.constantFrom('12h', '12h', '1d'),
    picks: fc.array(fc.nat(7), { minLength: 1, maxLength: 3 }),
    when: aRule,
    limit: fc.constantFrom(null, null, 1),
    checked: fc.constantFrom(false, false, true),
  }),
  { minLength: 2, maxLength: STAGES },
);

const ASSERTION = { name: 'none', sql: 'select 1', file: 'x.sql', severity: 'error' } as const;

/** The graph, each check behind what it checks; after an apply with joins that count other inputs. */
export function sketchesOf(drawn: readonly Drawn[], rule?: JoinRule): readonly StageSketch[] {
  const read: StageSketch[] = SOURCES.map((name) => ({ name, period: '12h' }));
  const checks = new Map<string, string>();
  const graph: StageSketch[] = [...read];
  for (const [at, { period, picks, when, limit, checked }] of drawn.entries()) {
    const fitting = read.filter((one) => one.period === '12h' || period === '1d');
    const reads = [...new Set(picks.map((pick) => fitting[pick % fitting.length]?.name ?? ''))];
    const also = { when: rule ?? when, ...(limit === null ? {} : { maxRestatedLabels: limit }) };
    const name = `d${String(at)}`;
    const gates = reads.flatMap((one) => {
      const check = checks.get(one);
      return check === undefined ? [] : [[check, { gate: `warehouse.main.${one}` }] as const];
    });
    const sketch = {
      name,
      period,
      reads: [...reads, ...gates.map(([check]) => check)],
      inputs: Object.fromEntries(gates),
      also,
    };
    read.push(sketch);
    graph.push(sketch);
    if (checked !== true) continue;
    const work = {
      kind: 'check',
      from: `warehouse.main.${name}`,
      blocking: true,
      assertions: [ASSERTION],
    } as const;
    checks.set(name, `c${String(at)}`);
    graph.push({ name: `c${String(at)}`, period, reads: [name], also: { work } });
  }
  return graph;
}

/** Names of the stages that moves are about: `d0`, and `c0` when it is checked. */
export function namesOf(drawn: readonly Drawn[]): readonly string[] {
  return drawn.flatMap(({ checked }, at) => [
    `d${String(at)}`,
    ...(checked === true ? [`c${String(at)}`] : []),
  ]);
}

export type Move =
  | { readonly kind: 'restate'; readonly source: number; readonly half: number; readonly twice: boolean }
  | { readonly kind: 'report'; readonly stage: number; readonly half: number }
  | { readonly kind: 'break' | 'repair' | 'pause'; readonly stage: number }
  | { readonly kind: 'resume'; readonly stage: number; readonly policy: 'drain' | 'latest' | 'skip' }
  | {
      readonly kind: 'run';
      readonly stage: number;
      readonly half: number;
      readonly rerun: boolean;
      readonly only: boolean;
    }
  | { readonly kind: 'apply'; readonly when: JoinRule | null; readonly waiting: 'keep' | 're-evaluate' };

const stage = fc.nat(2 * STAGES - 1);
const half = fc.nat(1);
const restating = fc.record({
  kind: fc.constant('restate' as const),
  source: fc.nat(1),
  half,
  twice: fc.boolean(),
});
const reporting = fc.record({ kind: fc.constant('report' as const), stage, half });
const handling = fc.record({
  kind: fc.constantFrom('break' as const, 'repair' as const, 'pause' as const),
  stage,
});
export const running = (only: fc.Arbitrary<boolean>): fc.Arbitrary<Move> =>
  fc.record({ kind: fc.constant('run' as const), stage, half, rerun: fc.boolean(), only });
export const resuming = (...policies: readonly ('drain' | 'latest' | 'skip')[]): fc.Arbitrary<Move> =>
  fc.record({ kind: fc.constant('resume' as const), stage, policy: fc.constantFrom(...policies) });
export const applying = fc.record({
  kind: fc.constant('apply' as const),
  when: fc.option(aRule),
  waiting: fc.constantFrom('keep' as const, 're-evaluate' as const),
});

export function movesOf(...more: readonly fc.Arbitrary<Move>[]): fc.Arbitrary<readonly Move[]> {
  const often = [restating, restating, handling, reporting].map((arbitrary) => ({ weight: 2, arbitrary }));
  const rare = more.map((arbitrary) => ({ weight: 1, arbitrary }));
  return fc.array(fc.oneof(...often, ...rare), { minLength: 1, maxLength: 14 });
}

export function pickingOf(seeds: readonly number[]): Picking {
  let at = 0;
  const next = (): number => (seeds[(at += 1) % seeds.length] ?? 0) + at * 7;
  return () => Array.from({ length: 1 + (next() % 4) }, next);
}

/** The second restated label waits for its other branch when the limit begins to hold it. */
export const HELD_WHILE_WAITING: [readonly Drawn[], readonly Move[], number[]] = [
  [
    { period: '12h', picks: [0], when: 'all', limit: null },
    { period: '12h', picks: [0, 2], when: 'all', limit: 1 },
    { period: '12h', picks: [3], when: 'all', limit: null },
  ],
  [
    { kind: 'restate', source: 0, half: 1, twice: false },
    { kind: 'restate', source: 0, half: 0, twice: false },
    { kind: 'break', stage: 0 },
  ],
  [218, 0],
];

/** Somebody else reports a label for which a run waits, because what it reads has failed. */
export const REPORTED_WHILE_WAITING: [readonly Drawn[], readonly Move[], number[]] = [
  [
    { period: '12h', picks: [0], when: 'all', limit: null, checked: true },
    { period: '12h', picks: [2, 0], when: 'all', limit: null, checked: false },
    { period: '12h', picks: [0], when: 'all', limit: null, checked: false },
  ],
  [
    { kind: 'break', stage: 0 },
    { kind: 'report', stage: 2, half: 0 },
    { kind: 'break', stage: 0 },
  ],
  [0, 11, 0],
];

/** The newest revision of an input fails that a stage can do without: what was made with the one before stays. */
export const FAILED_BEHIND: [readonly Drawn[], readonly Move[], number[]] = [
  [0, 0, [2, 5], 0].map((pick) => ({
    period: '12h',
    picks: [pick].flat(),
    when: Array.isArray(pick) ? 'any' : 'all',
    limit: null,
  })),
  [
    { kind: 'break', stage: 0 },
    { kind: 'restate', source: 0, half: 0, twice: false },
    { kind: 'run', stage: 0, half: 0, rerun: false, only: false },
  ],
  [8],
];

/** A check has passed the label, and a person skips it when it has newer data to look at. */
export const SKIPPED_CHECK: [readonly Drawn[], readonly Move[], number[]] = [
  [
    { period: '12h', picks: [0], when: 'all', limit: null, checked: true },
    { period: '12h', picks: [2], when: 'all', limit: null },
  ],
  [
    { kind: 'pause', stage: 1 },
    { kind: 'restate', source: 0, half: 0, twice: false },
    { kind: 'repair', stage: 0 },
    { kind: 'resume', stage: 1, policy: 'skip' },
  ],
  [39],
];
