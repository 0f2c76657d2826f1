import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LabelHead } from '../../catalog/status-views.ts';
import { labelArgument } from '../../cli/arguments.ts';
import { GLYPHS, LABEL_STATES, labelState, showsUtf8 } from '../../cli/label-state.ts';
import { duration, isoMinutes } from '../../cli/moments.ts';
import { inputLines } from '../../cli/run-text.ts';
import { labelsOf } from '../../cli/status-grid.ts';
import { table } from '../../cli/table.ts';

const PLAIN = { paint: (_style: unknown, text: string) => text };

describe('a table', () => {
  const cells = fc.array(fc.tuple(fc.string({ maxLength: 30 }), fc.string({ maxLength: 30 })), {
    maxLength: 5,
  });

  test('is never wider than the terminal, and has one line per row below its titles', () => {
    fc.assert(
      fc.property(cells, fc.integer({ min: 1, max: 100 }), (rows, columns) => {
        const lines = table(
          { columns, ...PLAIN },
          [{ title: 'name' }, { title: 'n', right: true }],
          rows,
        ).split('\n');
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      }),
    );
  });

  test('loses nothing when it goes to a file', () => {
    const long = 'x'.repeat(500);
    expect(table({ columns: undefined, ...PLAIN }, [{ title: 'a' }, { title: 'b' }], [['1', long]])).toBe(
      `a  b\n1  ${long}`,
    );
  });

  test('sets numbers to the right and keeps a message with line ends on its line', () => {
    const columns = [{ title: 'rows', right: true as const }, { title: 'error' }];
    expect(
      table({ columns: 20, ...PLAIN }, columns, [
        ['7', 'no'],
        ['1,000,000', 'bad\nrow in the file'],
      ]),
    ).toBe('     rows  error\n        7  no\n1,000,000  bad row …');
  });
});

describe('a length of time', () => {
  test.each([
    [350, '350 ms'],
    [12_400, '12 s'],
    [185_000, '3 m 05 s'],
    [2 * 3_600_000 + 14 * 60_000, '2 h 14 m'],
    [3 * 86_400_000 + 4 * 3_600_000, '3 d 4 h'],
    [-5, '0 ms'],
  ])('%d ms is %s', (length, text) => {
    expect(duration(length)).toBe(text);
  });

  test('an instant is shown in UTC to the minute', () => {
    expect(isoMinutes(new Date('2020-03-03T11:25:47.445Z'))).toBe('2020-03-03T11:25Z');
  });
});

describe('a border of labels', () => {
  test.each([
    ['20200303110000', '20200303110000'],
    ['2020-03-03', '20200303000000'],
    ['2020-03-03T11:00', '20200303110000'],
    ['2020-03-03 11:00Z', '20200303110000'],
  ])('%s is %s', (text, label) => {
    expect(labelArgument(text)).toBe(label);
  });

  test.each(['yesterday', '2020-02-31', '2020-03', '2020-03-03T11'])('%s is refused', (text) => {
    expect(() => labelArgument(text)).toThrow(/2020-03-03T11:00/);
  });
});

describe('the state of a label', () => {
  const head: LabelHead = {
    stage: 'p.s',
    timelabel: '20200303110000',
    revision: 1,
    status: 'SUCCESS',
    outcome: null,
    late: false,
    madeBefore: false,
    held: null,
  };

  test.each<[string, Partial<LabelHead>]>([
    ['done', {}],
    ['running', { status: 'RUNNING' }],
    ['restating', { status: 'RUNNING', madeBefore: true }],
    ['waiting', { status: 'WAITING' }],
    ['late', { status: 'WAITING', late: true }],
    ['missing', { status: 'WAITING', outcome: 'MISSING', late: true }],
    ['failed', { status: 'FAILURE', outcome: 'FAILURE' }],
    ['quarantined', { status: 'FAILURE', outcome: 'QUARANTINED' }],
    ['failed', { status: 'FAILURE', outcome: 'REJECTED' }],
    ['paused', { held: 'paused' }],
    ['paused', { status: 'WAITING', held: 'paused' }],
    ['held', { held: 'storm' }],
    ['running', { status: 'RUNNING', held: 'paused' }],
    ['skipped', { status: 'SKIPPED' }],
    ['superseded', { status: 'SUPERSEDED' }],
    ['closed', { status: 'CLOSED' }],
  ])('is %s for %j', (state, change) => {
    expect(labelState({ ...head, ...change }, true)).toBe(state);
  });

  test('is missing when the ledger has nothing of what a clock or a deadline asks for, and else absent', () => {
    expect(labelState(undefined, true)).toBe('missing');
    expect(labelState(undefined, false)).toBe('absent');
  });

  test('has a mark of one character of its own on every terminal', () => {
    for (const charset of ['utf8', 'ascii'] as const) {
      const marks = LABEL_STATES.map((state) => GLYPHS[state][charset]);
      expect(new Set(marks).size).toBe(LABEL_STATES.length);
      for (const mark of marks) expect(mark).toHaveLength(1);
    }
    for (const state of LABEL_STATES) expect(GLYPHS[state].ascii.charCodeAt(0)).toBeLessThan(128);
  });

  test.each([
    [{ LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
    [{ LC_CTYPE: 'de_DE.utf8', LANG: 'C' }, true],
    [{}, false],
  ])('shows UTF-8 for %j: %s', (env, expected) => {
    expect(showsUtf8(env)).toBe(expected);
  });
});

describe('the labels of a row', () => {
  const now = Date.parse('2020-03-03T12:30:00Z');
  const range = { first: '20200303080000', last: '20200303090000' };

  test('end with the newest label of the stage itself, and begin with its first', () => {
    expect(labelsOf({ period: '1h' }, range, 24, now)).toEqual(['20200303080000', '20200303090000']);
    expect(labelsOf({ period: '1h' }, range, 1, now)).toEqual(['20200303090000']);
  });

  test('go on to what a clock owes, but not to what it may still bring', () => {
    const labels = labelsOf({ period: '1h', schedule: { cron: '10 * * * *' } }, range, 24, now);
    expect(labels.at(-1)).toBe('20200303100000');
  });

  test('have not begun in the future', () => {
    const ahead = { first: '20200303110000', last: '20210101000000' };
    expect(labelsOf({ period: '1h' }, ahead, 24, now)).toEqual(['20200303110000', '20200303120000']);
  });

  test('do not go on after the end of a schedule', () => {
    const schedule = { cron: '10 * * * *', until: '2020-03-03T10:00:00Z' };
    expect(labelsOf({ period: '1h', schedule }, range, 24, now).at(-1)).toBe('20200303090000');
  });

  test('are none when the stage never ran', () => {
    expect(labelsOf({ period: '1h', schedule: { cron: '10 * * * *' } }, undefined, 24, now)).toEqual([]);
  });
});

test('inputs of equal revisions are named together', () => {
  const input = (timelabel: string, revision: number) => ({
    dataset: 'w.a.o',
    timelabel,
    revision,
    eventId: '',
  });
  expect(
    inputLines([input('20200303000000', 1), input('20200303010000', 1), input('20200303020000', 2)]),
  ).toEqual(['w.a.o 20200303000000…20200303010000 r1 (2 labels), 20200303020000 r2']);
});
