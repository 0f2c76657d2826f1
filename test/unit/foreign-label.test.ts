import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readForeignLabel, type LabelReading } from '../../pipeline/foreign-label.ts';
import { parsePath, valueAt } from '../../pipeline/message-path.ts';
import { matchTextFormat, parseTextFormat } from '../../pipeline/text-format.ts';

describe('a time in a foreign message', () => {
  const read = (value: unknown, reading: LabelReading): string | undefined =>
    readForeignLabel(reading, value);

  test.each<[unknown, LabelReading, string | undefined]>([
    ['2020-03-03T23:30:00Z', { format: 'iso' }, '20200303233000'],
    ['2020-03-03t23:30:00.000z', { format: 'iso' }, '20200303233000'],
    ['2020-03-03 23:30:00+0100', { format: 'iso' }, '20200303223000'],
    ['2020-03-03T23:30:07Z', { format: 'iso' }, undefined],
    ['2020-03-03T23:30:07Z', { format: 'iso', period: '1d', interval: 'holding' }, '20200303000000'],
    ['2020-03-03T23:30:07Z', { format: 'iso', period: '1d', interval: 'closed' }, '20200302000000'],
    ['2020-03-04T00:00:00Z', { format: 'iso', period: '1d', interval: 'closed' }, '20200303000000'],
    ['2020-03-03T23:30:00', { format: 'iso' }, undefined],
    ['2020-02-30T00:00:00Z', { format: 'iso' }, undefined],
    ['2020-03-03', { format: 'iso' }, '20200303000000'],
    ['2020-03-03', { format: 'iso', period: '1d@Europe/Berlin' }, '20200302230000'],
    [1_583_193_600, { format: 'epoch_seconds' }, '20200303000000'],
    ['1583193600000', { format: 'epoch_milliseconds' }, '20200303000000'],
    [-1, { format: 'epoch_seconds' }, undefined],
    [999_999_999_999, { format: 'epoch_seconds' }, undefined],
    [null, { format: 'iso' }, undefined],
    [{}, { format: 'epoch_seconds' }, undefined],
  ])('%s as %j is %s', (value, reading, label) => {
    expect(read(value, reading)).toBe(label);
  });

  test.each([
    ['rates/{year}/{month}/{day}/*.csv', 'rates/2020/03/03/a.csv', '20200303000000'],
    ['rates/{year}/{month}/{day}/*.csv', 'rates/2020/03/03/a/b.csv', undefined],
    ['rates/{year}/{month}/{day}/**', 'rates/2020/03/03/a/b.csv', '20200303000000'],
    ['*-{year}{month}{day}T{hour}{minute}*', 'a-b-20200303T1120.json', '20200303112000'],
    ['{year}-{month}', '2020-13', undefined],
    ['{year}', '2020', '20200101000000'],
    ['**/{timelabel}/*', 'x/y/20200303112000/m.json', '20200303112000'],
    ['**/{timelabel}/*', 'x/y/20200303112030/m.json', undefined],
  ])('the format %s reads %s as %s', (format, text, label) => {
    const parsed = parseTextFormat(format);
    if ('problem' in parsed) throw new Error(parsed.problem);
    expect(read(text, { format: parsed })).toBe(label);
  });

  test('a date is one of the calendar by which the dataset is cut, also where clocks change at midnight', () => {
    const parsed = parseTextFormat('{year}{month}{day}');
    if ('problem' in parsed) throw new Error(parsed.problem);
    const day = (text: string, period: LabelReading['period']): string | undefined =>
      read(text, { format: parsed, period });
    expect(day('20200329', '1d@Europe/Berlin')).toBe('20200328230000');
    expect(day('20200330', '1d@Europe/Berlin')).toBe('20200329220000');
    // Chile's clocks went from Saturday 23:59 to Sunday 01:00.
    expect(day('20190908', '1d@America/Santiago')).toBe('20190908040000');
  });

  test.each([
    ['{day}', /\{year\} is missing/],
    ['{year}/{year}', /\{year\} stands twice/],
    ['{date}', /\{date\} is no part of a time/],
    ['{year', /\{ is no part/],
    ['{timelabel}{year}', /stands alone/],
  ])('the format %s is refused with the reason', (format, reason) => {
    expect(parseTextFormat(format)).toEqual({ problem: expect.stringMatching(reason) });
  });

  test('a format fits exactly the texts that its expression fits', () => {
    const piece = fc.constantFrom('a', '/', '*', '**', 'ab');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.stringMatching(/^[ab/]{0,8}$/), (pieces, text) => {
        const parsed = parseTextFormat(pieces.join(''));
        if ('problem' in parsed) throw new Error(parsed.problem);
        const source = pieces.join('').replaceAll(/\*\*|\*/g, (star) => (star === '**' ? '.*' : '[^/]*'));
        expect(matchTextFormat(parsed, text) !== undefined).toBe(new RegExp(`^${source}$`).test(text));
      }),
    );
  });

  test('a hostile format and text are read in no time', () => {
    const parsed = parseTextFormat('**a'.repeat(160));
    if ('problem' in parsed) throw new Error(parsed.problem);
    expect(matchTextFormat(parsed, `${'a'.repeat(4_000)}b`)).toBeUndefined();
  });
});

describe('a path', () => {
  const part = { message: { 'a b': [{ c: 1 }], d: { e: null } }, part: { f: 'x' } };

  test.each<[string, unknown]>([
    ["$['a b'][0].c", 1],
    ['$.d.e', null],
    ['@.f', 'x'],
    ['@.f.length', undefined],
    ['$.d.constructor', undefined],
    ['$.d.__proto__', undefined],
    ["$['a b'][1]", undefined],
    ["$['a b'].length", undefined],
    ['$', part.message],
  ])('%s finds what the JSON itself says there', (text, value) => {
    const path = parsePath(text);
    expect(path === undefined ? 'no path' : valueAt(path, part)).toEqual(value);
  });

  test.each(['', 'a.b', '$.', '$..a', '$.a b', "$['a]", '$[-1]', '$[a]', '$a', '$.a[*]'])(
    '%j is none',
    (text) => {
      expect(parsePath(text)).toBeUndefined();
    },
  );
});
