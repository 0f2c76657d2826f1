import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { badKeyFailure, FAILED_ROW_COLUMNS, failedRowValues } from '../../pipeline/failed-rows.ts';

const row = { key: '1', code: 'CODE', message: 'm', sent: '{}' };

test('a failed row keeps its key and its error whatever its length: a long sentence is cut, long values are left out', () => {
  expect(failedRowValues('j', row)).toEqual(['j', '1', 'CODE', 'm', '{}']);
  const long = failedRowValues('j', { ...row, message: 'x'.repeat(3_000), sent: 'é'.repeat(20_001) });
  expect(long).toEqual(['j', '1', 'CODE', 'x'.repeat(2_000), null]);
  expect(failedRowValues('j', { ...row, sent: 'é'.repeat(20_000) })[4]).toHaveLength(20_000);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, message) => {
      const values = failedRowValues('j', { ...row, key, message: `${'a'.repeat(1_999)}${message}` });
      expect(values).toHaveLength(FAILED_ROW_COLUMNS.length);
      // What no warehouse takes in a text.
      for (const value of values)
        expect(value?.isWellFormed() === true && !value.includes('\u0000')).toBe(true);
    }),
  );
});

test('a bad key is refused with its value, its table and how often it is there', () => {
  const label = { dataset: 'crm.sobjects.Account', timelabel: '20010105080000', revision: 1 };
  expect(badKeyFailure({ value: '7', copies: '2' }, 'marts.accounts', 'id', label)).toMatchObject({
    failureClass: 'data_error',
    message:
      'Key (id) = (7) appears in 2 rows of marts.accounts for label 20010105080000: crm.sobjects.Account takes each key once and complete. Nothing was sent.',
    facts: { key: 'id', sample: '7' },
  });
  expect(badKeyFailure({ value: null, copies: '1' }, 't', 'id', label).message).toContain(
    '(NULL) is NULL in a row',
  );
});
