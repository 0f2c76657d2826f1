import { describe, expect, test } from '@jest/globals';
import { completeness, type Head } from '../../pipeline/completeness.ts';
import type { Outcome } from '../../pipeline/outcome.ts';
import type { StageDefinition } from '../../pipeline/stage.ts';
import { labelAt, type Timelabel } from '../../pipeline/timelabel.ts';
import { projectOf } from '../support/project.ts';

const DAY = '20010105000000' as Timelabel;
const [X, Y, K] = ['x', 'y', 'k'].map((name) => `warehouse.main.${name}`) as [string, string, string];

function stageOf(also: Partial<StageDefinition>, window?: 'as_of'): StageDefinition {
  const period = window === undefined ? '1d' : '1h';
  const inputs = window === undefined ? {} : { x: { window }, y: { window }, k: { window } };
  const project = projectOf([
    { name: 'x', period },
    { name: 'y', period },
    { name: 'k', period },
    { name: 'd', period: '1d', reads: ['x', 'y', 'k'], inputs, also },
  ]);
  const stage = project.stages[3];
  if (stage === undefined) throw new Error('d');
  return {
    ...stage,
    inputs: stage.inputs.map((input) => (input.dataset === K ? { ...input, gate: X } : input)),
  };
}

function heads(dataset: string, ...found: readonly Head[]): { dataset: string; heads: readonly Head[] } {
  return { dataset, heads: found };
}

function head(timelabel: Timelabel, unsettled?: Head['unsettled']): Head {
  const base = { timelabel, revision: 1, eventId: `${timelabel}/r1` };
  return unsettled === undefined ? base : { ...base, unsettled };
}

function hour(at: number): Timelabel {
  return labelAt(Date.UTC(2001, 0, 4, at));
}

describe('a gate', () => {
  test('counts together with its input: without it the input is not there', () => {
    const stage = stageOf({ when: { atLeast: 2 } });
    const without = completeness(stage, DAY, [heads(X, head(DAY)), heads(Y, head(DAY))], false);
    expect(without).toMatchObject({ complete: false, missing: [{ dataset: K, timelabel: DAY }] });
    // A person who reads the count sees which of the labels have come.
    expect(without).toMatchObject({ there: 2, expected: 3 });
    const states = [heads(X, head(DAY)), heads(Y, head(DAY)), heads(K, head(DAY))];
    expect(completeness(stage, DAY, states, false)).toMatchObject({ complete: true });
  });

  test('asks nothing of a label that is late or was skipped, and holds one that is there', () => {
    const stage = stageOf({});
    const of = (outcome: Outcome) => [heads(X, { ...head(DAY), outcome }), heads(Y, head(DAY))];
    for (const outcome of ['SKIPPED', 'LATE'] as const) {
      const found = completeness(stage, DAY, of(outcome), false);
      expect(found).toMatchObject({ complete: true, expected: 2 });
      expect(found.have.map(({ dataset }) => dataset)).toEqual([X, Y]);
      // What the check once said of an older revision is no part of what is taken.
      expect(completeness(stage, DAY, [...of(outcome), heads(K, head(DAY))], false)).toEqual(found);
    }
    for (const outcome of ['SUCCESS', 'EMPTY', 'PARTIAL', 'RECOVERED', 'RELEASED'] as const) {
      expect(completeness(stage, DAY, of(outcome), false)).toMatchObject({
        complete: false,
        missing: [{ dataset: K, timelabel: DAY }],
      });
      const passed = [...of(outcome), heads(K, head(DAY))];
      expect(completeness(stage, DAY, passed, false)).toMatchObject({ complete: true, expected: 3 });
    }
  });

  test('of an input of which the newest label will do lets a newer skipped one through', () => {
    const skipped = heads(X, { ...head(hour(9)), outcome: 'SKIPPED' });
    const states = [skipped, heads(Y, head(hour(9))), heads(K, head(hour(8)))];
    const { complete, have } = completeness(stageOf({}, 'as_of'), DAY, states, false);
    expect(complete).toBe(true);
    expect(have.map(({ dataset, timelabel }) => [dataset, timelabel])).toEqual([
      [X, hour(9)],
      [Y, hour(9)],
    ]);
  });

  test('lets no unchecked label through at a deadline', () => {
    const stage = stageOf({ deadline: { seconds: 1, then: 'partial' } });
    const { have, complete, partial } = completeness(
      stage,
      DAY,
      [heads(X, head(DAY)), heads(Y, head(DAY))],
      true,
    );
    expect({ complete, partial }).toEqual({ complete: true, partial: true });
    expect(have.map(({ dataset }) => dataset)).toEqual([Y]);
  });

  test('of an input of which the newest label will do takes the newest that has passed', () => {
    const stage = stageOf({}, 'as_of');
    const other = heads(Y, head(hour(9)));
    const waiting = [heads(X, head(hour(9))), other, heads(K, head(hour(8)))];
    expect(completeness(stage, DAY, waiting, false)).toMatchObject({
      complete: false,
      missing: [{ dataset: K, timelabel: hour(9) }],
    });
    const shared = [heads(X, head(hour(9)), head(hour(8))), other, heads(K, head(hour(8)))];
    const { complete, have } = completeness(stage, DAY, shared, false);
    expect(complete).toBe(true);
    expect(have.map(({ dataset, timelabel }) => [dataset, timelabel])).toEqual([
      [X, hour(8)],
      [K, hour(8)],
      [Y, hour(9)],
    ]);
  });

  test('that has not looked at the newest data holds, also where unsettled inputs do not', () => {
    const stage = stageOf({ onUnsettled: 'run' });
    const moved = { dataset: X, timelabel: DAY };
    const unsettledGate = [heads(X, head(DAY)), heads(Y, head(DAY)), heads(K, head(DAY, moved))];
    expect(completeness(stage, DAY, unsettledGate, false).complete).toBe(false);
    const unsettledInput = [heads(X, head(DAY)), heads(Y, head(DAY, moved)), heads(K, head(DAY))];
    expect(completeness(stage, DAY, unsettledInput, false).complete).toBe(true);
  });
});

describe('an input that has moved on', () => {
  const moved = { dataset: X, timelabel: DAY };
  const two = { ...stageOf({ when: { atLeast: 1 } }) };
  const stage = { ...two, inputs: two.inputs.filter(({ dataset }) => dataset !== K) };

  test('holds a join of some of its inputs while it is being made, and not when that has failed', () => {
    const being = [heads(X, head(DAY)), heads(Y, head(DAY, moved))];
    expect(completeness(stage, DAY, being, false).complete).toBe(false);
    const failed = [heads(X, head(DAY)), heads(Y, { ...head(DAY, moved), stalled: true })];
    const { complete, have } = completeness(stage, DAY, failed, false);
    expect({ complete, have: have.map(({ dataset }) => dataset) }).toEqual({ complete: true, have: [X] });
  });

  test('holds a join that needs it, failed or not', () => {
    const all = { ...stage, when: 'all' as const };
    const failed = [heads(X, head(DAY)), heads(Y, { ...head(DAY, moved), stalled: true })];
    expect(completeness(all, DAY, failed, false)).toMatchObject({
      complete: false,
      missing: [{ dataset: Y, unsettled: moved }],
    });
  });
});

describe('how many inputs must be complete', () => {
  const plain = (when: StageDefinition['when']): StageDefinition => {
    const stage = stageOf(when === undefined ? {} : { when });
    return { ...stage, inputs: stage.inputs.map(({ gate: _gate, ...input }) => input) };
  };
  const some = (count: number) => [X, Y, K].slice(0, count).map((dataset) => heads(dataset, head(DAY)));

  test.each([
    [undefined, [false, false, false, true]],
    ['any', [false, true, true, true]],
    [{ atLeast: 2 }, [false, false, true, true]],
    [{ atLeast: 9 }, [false, false, false, true]],
  ] as const)('with %j', (when, expected) => {
    const found = [0, 1, 2, 3].map((count) => completeness(plain(when), DAY, some(count), false).complete);
    expect(found).toEqual(expected);
  });
});
