import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { copyValue } from '../../connectors/postgres/publish-stage.ts';
import { servingHolds, servingType } from '../../connectors/postgres/publish-types.ts';
import { PLAIN_KINDS, type ColumnType } from '../../pipeline/column.ts';

describe('a value in the text of COPY', () => {
  test('never contains what separates values or rows, and can be read back', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('\\', '\n', '\r', '\t', 'N', 'n', 'é', ' ') }),
        (value) => {
          const text = copyValue(value);
          expect(text).not.toMatch(/[\n\r\t]/);
          const back: Record<string, string> = { n: '\n', r: '\r', t: '\t', '\\': '\\' };
          expect(text.replace(/\\(.)/g, (_, escaped: string) => back[escaped] ?? '?')).toBe(value);
        },
      ),
    );
  });

  test('tells NULL from the text that looks like it', () => {
    expect(copyValue(null)).toBe('\\N');
    expect(copyValue('\\N')).toBe('\\\\N');
    expect(copyValue('')).toBe('');
  });
});

describe('a serving column', () => {
  const types: ColumnType[] = [
    ...PLAIN_KINDS.map((kind) => ({ kind })),
    { kind: 'decimal', precision: 12, scale: 2 },
    { kind: 'timestamp', zoned: true },
    { kind: 'timestamp', zoned: false },
  ];

  test.each(types.map((type) => [JSON.stringify(type), type] as const))(
    'of the type that was created for %s holds it',
    (_, type) => {
      expect(servingHolds(servingType(type), type)).toBe(true);
    },
  );

  test.each([
    ['numeric(12,2)', { kind: 'decimal', precision: 12, scale: 4 }],
    ['timestamp(3) with time zone', { kind: 'timestamp', zoned: true }],
    ['timestamp without time zone', { kind: 'timestamp', zoned: true }],
    ['integer', { kind: 'int64' }],
    ['text', { kind: 'int32' }],
    ['real', { kind: 'float64' }],
    ['bigint[]', { kind: 'int64' }],
  ] as [string, ColumnType][])('of type %s is refused when it would change a value', (held, incoming) => {
    expect(servingHolds(held, incoming)).toBe(false);
  });

  test('without a limit on its digits takes every decimal, and text is checked by the type that reads it', () => {
    expect(servingHolds('numeric', { kind: 'decimal', precision: 38, scale: 37 })).toBe(true);
    expect(servingHolds('uuid', { kind: 'text' })).toBe(true);
    expect(servingHolds('character varying(20)', { kind: 'text' })).toBe(true);
  });
});
