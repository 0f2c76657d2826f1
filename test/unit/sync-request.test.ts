import { describe, expect, test } from '@jest/globals';
import { readSyncRequest, syncFields, type SyncRequest } from '../../pipeline/sync-request.ts';
import { syncRequest } from '../../cli/sync-input.ts';

const STAGE = 'orders.fetch_orders';
const KEYS = { stage: STAGE, kind: 'key_list', keys: ['17'] };

function read(input: unknown): SyncRequest {
  const found = readSyncRequest(input);
  if ('problems' in found) throw new Error(found.problems.join(' '));
  return found.request;
}

describe('the input of a historical sync', () => {
  test('needs a stage and a kind, and fills in the rest', () => {
    expect(read({ stage: STAGE, kind: 'full' })).toEqual({
      stage: STAGE,
      select: { kind: 'full' },
      keyColumns: null,
      findDeletes: false,
      maxConcurrent: 10,
      reason: null,
      by: null,
      dryRun: false,
      hold: false,
    });
  });

  test.each([
    { stage: STAGE, kind: 'full', findDeletes: true, reason: 'a new slot' },
    { stage: STAGE, kind: 'columns', columns: ['a', 'B c'] },
    { stage: STAGE, kind: 'time_window', from: '2020-03-01', to: '20200401000000' },
    { stage: STAGE, kind: 'key_list', keys: ['17', ' 18 '], keyColumns: ['id'] },
    { stage: STAGE, kind: 'deletes' },
    {
      stage: STAGE,
      kind: 'deletes',
      to: '2020-03-01T06:00:00+02:00',
      by: 'ada',
      hold: true,
      maxConcurrent: 3,
    },
  ])('is taken back as it was read: %j', (input) => {
    const request = read(input);
    expect(read(JSON.parse(JSON.stringify(syncFields(request))))).toEqual(request);
  });

  test('takes whole numbers and lists as keys, each key once', () => {
    expect(read({ ...KEYS, keys: [17, '17', '017'] }).select).toEqual({
      kind: 'key_list',
      keys: [['17'], ['017']],
    });
    expect(
      read({
        ...KEYS,
        keys: [
          ['DE', 17],
          ['DE', '17'],
          ['', -1],
        ],
      }).select,
    ).toEqual({
      kind: 'key_list',
      keys: [
        ['DE', '17'],
        ['', '-1'],
      ],
    });
  });

  test.each([
    [null, 'The input must be an object'],
    [{ kind: 'full' }, '"stage" names an extract'],
    [{ stage: STAGE, kind: 'all' }, '"kind" must be one of full, columns'],
    [{ stage: STAGE, kind: 'full', keys: ['1'] }, '"keys" is no field of a sync of kind full'],
    [{ stage: STAGE, kind: 'columns' }, '"columns" must be a list of column names'],
    [{ stage: STAGE, kind: 'columns', columns: ['a', 7] }, '"columns" must be a list of column names'],
    [{ stage: STAGE, kind: 'time_window', from: '2020-03-01' }, '"to" is missing'],
    [{ stage: STAGE, kind: 'time_window', from: '2020-03-02', to: '2020-03-01' }, 'must be after "from"'],
    [{ stage: STAGE, kind: 'deletes', from: 'monday' }, '"from" is "monday"'],
    [{ ...KEYS, keys: [] }, '"keys" must be a list of keys'],
    [{ ...KEYS, keys: [null] }, '"keys" must be a list of keys'],
    [{ ...KEYS, keys: [1.5] }, '"keys" must be a list of keys'],
    [{ ...KEYS, keys: [2 ** 53] }, '"keys" must be a list of keys'],
    [{ ...KEYS, keys: ['a\u0000b'] }, '"keys" must be a list of keys'],
    [{ ...KEYS, keys: [['DE', '1'], ['DE']] }, '"keys" must be a list of keys'],
    [{ ...KEYS, keys: Array.from({ length: 10_001 }, (_, at) => at) }, 'too many for one sync'],
    [{ ...KEYS, maxConcurrent: 0 }, '"maxConcurrent" must be a whole number'],
  ])('%j is refused with the sentence', (input, sentence) => {
    const found = readSyncRequest(input);
    expect('problems' in found ? found.problems.join(' ') : found).toContain(sentence);
  });
});

describe('the options of sync create', () => {
  const how = { by: 'ada', hold: false };
  test.each([
    [{ full: true }, { kind: 'full' }],
    [{ columns: 'a, b' }, { kind: 'columns', columns: ['a', 'b'] }],
    [{ keys: '17,18' }, { kind: 'key_list', keys: [['17'], ['18']] }],
    [
      { keys: '["a,b",1],["c",2]' },
      {
        kind: 'key_list',
        keys: [
          ['a,b', '1'],
          ['c', '2'],
        ],
      },
    ],
    [
      { from: '2020-03-01', to: '2020-03-02' },
      { kind: 'time_window', from: '2020-03-01', to: '2020-03-02' },
    ],
    [
      { from: '2020-03-01', findDeletes: true },
      { kind: 'deletes', from: '2020-03-01', to: null },
    ],
    [{ findDeletes: true }, { kind: 'deletes', from: null, to: null }],
  ] as const)('%j select %j', (options, select) => {
    expect(syncRequest(STAGE, options, how).select).toEqual(select);
  });

  test('--find-deletes goes with another kind', () => {
    expect(syncRequest(STAGE, { keys: '1', findDeletes: true }, how)).toMatchObject({
      select: { kind: 'key_list' },
      findDeletes: true,
    });
  });
});
