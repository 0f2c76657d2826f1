import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TextLengths } from '../../connectors/csv/text-lengths.ts';
import { textRoom } from '../../pipeline/text-room.ts';

const DATASET = 'lake.shop.orders';

/** As the CSV files of an extract: quotes where they are needed, or around every value; NULL is `\N`. */
function csv(rows: readonly (readonly (string | null)[])[], quoted: boolean): Buffer {
  const value = (text: string | null): string => {
    if (text === null) return '\\N';
    return quoted || /[",\n]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return Buffer.from(rows.map((row) => `${row.map(value).join(',')}\n`).join(''));
}

const awkward = fc.constantFrom('', 'a', 'ä', '😀', ' ', '"', '""', ',', '\n', '\\', '\\M', 'NULL');
const anyText = fc.array(awkward, { maxLength: 4 }).map((parts) => parts.join(''));
// That text stands for NULL in such files, so no extract writes it.
const anyValue = fc.option(
  anyText.filter((text) => text !== '\\N'),
  { nil: null },
);

test('every text of staged CSV is refused that has another length than its column takes, and no other, wherever the text is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyValue, anyValue, anyValue), { minLength: 1, maxLength: 6 }),
      fc.constantFrom('character varying(2)', 'character(1)', 'character(3)'),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
      (rows, type, quoted, cut) => {
        const room = textRoom(type);
        const limit = room?.characters ?? 0;
        const lengths = new TextLengths(DATASET, ['one', 'two', 'three'], [undefined, room, undefined]);
        const text = csv(rows, quoted);
        const check = (): void => {
          for (let at = 0; at < text.length; at += cut) lengths.check(text.subarray(at, at + cut));
        };
        const wrong = rows.find(([, value]) => {
          const { length } = Array.from(value ?? '');
          return value !== null && (room?.exact === true ? length !== limit : length > limit);
        });
        if (wrong === undefined) expect(check).not.toThrow();
        else
          expect(check).toThrow(
            `Column "two" of ${DATASET} holds a text of ${String(Array.from(wrong[1] ?? '').length)} characters, ${JSON.stringify(wrong[1])}`,
          );
      },
    ),
  );
});

test('a long text is told by its beginning', () => {
  const lengths = new TextLengths(DATASET, ['note'], [textRoom('character varying(3)')]);
  expect(() => lengths.check(Buffer.from(`${'ä'.repeat(5_000)}\n`))).toThrow(
    `a text of 5000 characters, "${'ä'.repeat(40)}"…, and the column of the table, a varchar(3), has no room for it.`,
  );
});

test.each([
  ['character varying(7)', { characters: 7, exact: false }],
  ['character(7)', { characters: 7, exact: true }],
  ['character varying', undefined],
  ['text', undefined],
  ['numeric(7,2)', undefined],
])('a column of type %s has the room %j', (type, room) => {
  expect(textRoom(type)).toEqual(room);
});
