import { describe, expect, test } from '@jest/globals';
import { parseInstant, readBackfillRequest } from '../../pipeline/backfill-request.ts';

const VALID = { target: 'orders.fetch_orders', from: '2020-03-01', to: '2020-04-01' };

describe('the input of a backfill', () => {
  test('needs a target and a range, and fills in the rest', () => {
    expect(readBackfillRequest(VALID)).toEqual({
      request: {
        target: 'orders.fetch_orders',
        from: '2020-03-01',
        to: '2020-04-01',
        downstream: false,
        only: false,
        rerun: 'none',
        maxConcurrent: 10,
        backwards: false,
        reason: null,
        by: null,
      },
    });
  });

  test('is taken back as it was recorded', () => {
    const read = readBackfillRequest({
      ...VALID,
      to: '20200401060000',
      rerun: 'all',
      reason: 'a fix',
      by: 'ada',
    });
    if ('problems' in read) throw new Error(read.problems.join());
    expect(readBackfillRequest(read.request)).toEqual(read);
  });

  test.each([
    [null, 'The input must be an object'],
    [[], 'The input must be an object'],
    [{ from: '2020-03-01', to: '2020-04-01' }, '"target" names a pipeline or a stage'],
    [{ ...VALID, target: ' ' }, '"target" must be a text'],
    [{ ...VALID, from: undefined }, '"from" is missing'],
    [{ ...VALID, from: '2020-02-31' }, '"from" is "2020-02-31"; it must be a date'],
    [{ ...VALID, from: '2020-03-01T06:00:00' }, '"from" is "2020-03-01T06:00:00"'],
    [{ ...VALID, to: 20200401 }, '"to" is 20200401'],
    [{ ...VALID, to: '2020-03-01' }, '"to" (2020-03-01) must be after "from" (2020-03-01)'],
    [{ ...VALID, downstream: 'yes' }, '"downstream" must be true or false'],
    [{ ...VALID, downstream: true, only: true }, 'exclude each other'],
    [{ ...VALID, rerun: 'everything' }, '"rerun" must be one of none, failed, all'],
    [{ ...VALID, maxConcurrent: 501 }, '"maxConcurrent" must be a whole number from 1 to 500'],
    [{ ...VALID, max_concurrent: 5 }, '"max_concurrent" is no field of a backfill; known are target, from'],
  ])('%j is refused with the sentence', (input, sentence) => {
    const read = readBackfillRequest(input);
    expect('problems' in read ? read.problems.join(' ') : read).toContain(sentence);
  });

  test('names every wrong field at once', () => {
    const read = readBackfillRequest({ from: 'x', to: 'y', only: 1, rerun: 2 });
    expect(read).toMatchObject({ problems: { length: 5 } });
  });
});

describe('the ends of a range', () => {
  test.each([
    ['2020-03-01', Date.UTC(2020, 2, 1)],
    ['2020-03-01T06:30Z', Date.UTC(2020, 2, 1, 6, 30)],
    ['2020-03-01T00:00:00+02:00', Date.UTC(2020, 1, 29, 22)],
    ['20200301063000', Date.UTC(2020, 2, 1, 6, 30)],
    ['2020-13-01', undefined],
    ['March', undefined],
  ])('%s', (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });
});
