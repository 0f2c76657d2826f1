import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  afterLook,
  describeSilence,
  NO_SILENCE,
  SILENT_LOOKS,
  statementKind,
  type ConnectionLook,
} from '../../pipeline/silence.ts';

const WAITING: ConnectionLook = { waiting: true, bytes: 7, paused: false, unsent: 0 };
const silence = (looks: readonly ConnectionLook[]): number => looks.reduce(afterLook, NO_SILENCE).looks;

describe('a silence within a statement', () => {
  test('is as long as the looks in a row that find nothing but the waiting, the first of which only takes note', () => {
    expect(silence(Array.from({ length: SILENT_LOOKS }, () => WAITING))).toBe(SILENT_LOOKS - 1);
    expect(silence(Array.from({ length: SILENT_LOOKS + 1 }, () => WAITING))).toBe(SILENT_LOOKS);
  });

  test('is over with any byte, while the reader is busy, while something is unsent, and when no statement runs', () => {
    for (const other of [
      { ...WAITING, bytes: 8 },
      { ...WAITING, paused: true },
      { ...WAITING, unsent: 1 },
      { ...WAITING, waiting: false },
    ])
      expect(silence([WAITING, WAITING, WAITING, other])).toBe(0);
  });

  test('is never found in a server of which each look finds more, however it goes on', () => {
    const look = fc.record({
      waiting: fc.boolean(),
      paused: fc.boolean(),
      unsent: fc.nat(2),
      more: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 60 }), (looks) => {
        let bytes = 0;
        const talking = looks.map(({ more, ...found }) => ({ ...found, bytes: (bytes += more) }));
        expect(silence(talking)).toBe(0);
      }),
    );
  });

  test('is told with the kind of the statement, never with what it holds', () => {
    expect(['  copy (select 1) to stdout', 'SELECT 1', '', undefined].map(statementKind)).toEqual([
      'COPY',
      'SELECT',
      'statement',
      'statement',
    ]);
    expect(describeSilence('shop', 60, 'COPY')).toBe(
      'the server sent nothing for 60 seconds within a COPY statement, while Reefline was reading. ' +
        'Look whether a firewall or a NAT gateway on the way has forgotten the connection. ' +
        'If the server works that long before it answers, raise silenceSeconds of the connection "shop".',
    );
  });
});
