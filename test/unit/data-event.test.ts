import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eventTime, parseEventTime } from '../../pipeline/data-event.ts';
import { storable, storableText } from '../../pipeline/storable.ts';
import { anInstant } from '../support/arbitraries.ts';

describe('event times', () => {
  test('have a colon before the milliseconds, as the documented events do', () => {
    expect(eventTime(Date.UTC(2020, 2, 3, 11, 25, 47, 445))).toBe('2020-03-03 11:25:47:445 +00:00');
    expect(eventTime(Date.UTC(2020, 2, 3, 11, 25))).toBe('2020-03-03 11:25:00:000 +00:00');
  });

  test('are read back as they were written', () => {
    fc.assert(
      fc.property(anInstant, (instant) => {
        expect(parseEventTime(eventTime(instant))).toBe(instant);
      }),
    );
  });

  test('whatever is read as a time is written again as the same text', () => {
    const two = fc.integer({ min: 0, max: 99 }).map((part) => String(part).padStart(2, '0'));
    const shaped = fc
      .tuple(fc.constantFrom('2020', '2021', '0000', '9999'), two, two, two, two, two)
      .map(([y, mo, d, h, mi, s]) => `${y}-${mo}-${d} ${h}:${mi}:${s}:000 +00:00`);
    fc.assert(
      fc.property(fc.oneof(shaped, fc.string()), (text) => {
        const instant = parseEventTime(text);
        if (instant !== undefined) expect(eventTime(instant)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    '2020-03-03 11:25:47.445 +00:00',
    '2020-03-03T11:25:47:445Z',
    '2020-03-03 11:25:47:445',
    '2020-03-03 11:25:47:445 +01:00',
    '2020-02-30 11:25:47:445 +00:00',
    '2020-03-03 24:00:00:000 +00:00',
    '2020-03-03 11:25:47:45 +00:00',
  ])('%s is refused', (text) => {
    expect(parseEventTime(text)).toBeUndefined();
  });
});

describe('texts that are stored', () => {
  test('hold no NUL and no half of a surrogate pair, wherever they are cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\u0000', '😀', '\ud83d', '\ude00', '語') });
    fc.assert(
      fc.property(text, fc.nat({ max: 20 }), (any, longest) => {
        const cut = storableText(any, longest);
        expect(cut.isWellFormed()).toBe(true);
        expect(cut).not.toContain('\u0000');
        expect(cut.length).toBe(Math.min(any.length, longest));
      }),
    );
  });

  test('good ones stay as they are, in the whole of an event', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        const clean = JSON.parse(JSON.stringify(value).replaceAll('\\u0000', '')) as unknown;
        expect(storable(clean)).toEqual(clean);
      }),
    );
    expect(storable({ 'a\u0000': ['\ud800', null, 1, true] })).toEqual({
      'a\ufffd': ['\ufffd', null, 1, true],
    });
  });
});
