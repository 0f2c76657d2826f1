import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from '@jest/globals';
import { isCopyInto, parseCopyInto } from '../../local/snowflake/copy-into.ts';
import { CsvRecords, type CsvField } from '../../local/snowflake/csv-records.ts';
import { csvValue } from '../../local/snowflake/csv-value.ts';
import { copyStatements } from '../../connectors/snowflake/copy-statements.ts';
import type { CsvFormat } from '../../local/snowflake/csv-options.ts';
import type { Manifest } from '../../pipeline/manifest.ts';

const ID = { name: 'id', type: { kind: 'int64' }, nullable: false } as const;
const MANIFEST: Manifest = {
  entries: [{ url: 's3://lake/part-0.csv.zst', mandatory: true, meta: { content_length: 1, rows: 1 } }],
  reefline: {
    ...{ version: 1, dataset: 'lake.shop.orders', timelabel: '1', revision: 1, format: 'csv' },
    ...{ compression: 'zstd', columns: [ID], rows: 1, bytes: 1 },
  },
};

/** The COPY that a load sends. */
function copyOf(edit: (sql: string) => string = (sql) => sql): string {
  const staging = { schema: 'REEFLINE', table: 'STAGE_1' };
  const [, copy = ''] = copyStatements(staging, [ID], [{ uri: 'u', manifest: MANIFEST }], 'lake');
  return edit(copy);
}

function formatOf(sql: string): CsvFormat {
  const { format } = parseCopyInto(sql);
  if (format.kind !== 'csv') throw new Error('no CSV');
  return format;
}

async function read(text: string | Buffer, format = formatOf(copyOf())): Promise<CsvField[][]> {
  const rows: CsvField[][] = [];
  const records = new CsvRecords(format, (fields) => {
    rows.push([...fields]);
    return '';
  });
  records.resume();
  // One byte at a time, so that every state meets the end of a piece.
  await pipeline(Readable.from([...Buffer.from(text)].map((byte) => Buffer.from([byte]))), records);
  return rows;
}

describe('COPY of CSV files in the local Snowflake', () => {
  test('takes what a load sends, and refuses by name what it does not have, such as the escapes of the default', () => {
    const sql = copyOf();
    expect(isCopyInto(sql)).toBe(true);
    expect(formatOf(sql)).toEqual({
      ...{ kind: 'csv', compression: 'ZSTD', delimiter: ',', enclosedBy: '"' },
      ...{ nullIf: ['\\N'], emptyIsNull: false, skipHeader: 0 },
    });
    expect(() =>
      parseCopyInto(copyOf((text) => text.replace('ESCAPE_UNENCLOSED_FIELD = NONE ', ''))),
    ).toThrow(/ESCAPE_UNENCLOSED_FIELD/);
    expect(() => parseCopyInto(copyOf((text) => text.replace('ZSTD', 'BZ2')))).toThrow(/COMPRESSION = BZ2/);
    expect(() => parseCopyInto(copyOf((text) => text.replace("BY = '\"'", "BY = '#'")))).toThrow(
      /invalid value \[#\]/,
    );
    expect(() => parseCopyInto(copyOf((text) => text.replace('SKIP_HEADER', 'HEADER')))).toThrow(
      /option HEADER/,
    );
  });

  test('reads quotes, line breaks and empty texts as they are, and NULL_IF in quotes, too, as the service does', async () => {
    expect(await read('1,"a ""b"",\r\nc\\",\\N\n2,"","\\N"\n3,,é')).toEqual([
      ['1', 'a "b",\r\nc\\', undefined],
      ['2', '', undefined],
      ['3', '', 'é'],
    ]);
    const { skipHeader, ...usual } = formatOf(
      copyOf((text) => text.replace('EMPTY_FIELD_AS_NULL = FALSE', '')),
    );
    expect(await read('h\n1,,""\r\n', { ...usual, skipHeader: skipHeader + 1 })).toEqual([
      ['1', undefined, ''],
    ]);
  });

  test.each([
    ['letters behind a closing quote', '"a"b,1\n', '100016'],
    ['a quote that is never closed', '"a\n1,2\n', '100068'],
    ['what is not UTF-8', Buffer.from([0x61, 0xff, 0x0a]), '100144'],
  ])('refuses %s', async (_what, text, code) => {
    await expect(read(text)).rejects.toMatchObject({ code, column: 1 });
  });

  test.each([
    ['numeric', '1.10', '-99', '1e3'],
    ['double precision', 'NaN', '-inf', '5e-324'],
    ['boolean', 'true', 'F', '0'],
    ['date', '0001-01-01', '9999-12-31'],
    ['timestamp with time zone', '2020-03-29 02:30:00+00', '2020-03-29T02:30:00.123456+05:30'],
    ['text', '', 'anything'],
  ])('reads values of %s', (type, ...texts) => {
    for (const text of texts) expect(csvValue(text, type, 1)).toBe(text);
  });

  test.each([
    ['numeric', 'NaN', '100038'],
    ['numeric', '', '100038'],
    ['double precision', '1,5', '100038'],
    ['boolean', 'wahr', '100037'],
    ['date', '0044-03-15 BC', '100040'],
    ['date', '10000-01-01', '100040'],
    ['timestamp without time zone', 'infinity', '100035'],
    ['bytea', '\\x00', '100115'],
    ['bytea', 'abc', '100115'],
  ])('refuses as %s the text %s', (type, text, code) => {
    let fault: unknown;
    try {
      csvValue(text, type, 3);
    } catch (error) {
      fault = error;
    }
    expect(fault).toMatchObject({ code, column: 3 });
  });
});

test('CSV of labels with other columns comes through a table of theirs, for its columns are found by their place', () => {
  const staging = { schema: 'REEFLINE', table: 'STAGE_1' };
  const note = { name: 'note', type: { kind: 'text' }, nullable: true } as const;
  const older = { uri: 'u', manifest: MANIFEST };
  const newer = {
    uri: 'v',
    manifest: { ...MANIFEST, reefline: { ...MANIFEST.reefline, columns: [ID, note] } },
  };
  const heads = copyStatements(staging, [ID, note], [newer, older], 'lake').map(
    (sql) => sql.split(' FROM ')[0],
  );
  expect(heads).toEqual([
    'CREATE OR REPLACE TEMPORARY TABLE "REEFLINE"."STAGE_1" ("ID" NUMBER(19,0), "NOTE" VARCHAR)',
    'COPY INTO "REEFLINE"."STAGE_1"',
    'CREATE OR REPLACE TEMPORARY TABLE "REEFLINE"."STAGE_1_2" ("ID" NUMBER(19,0))',
    'COPY INTO "REEFLINE"."STAGE_1_2"',
    'INSERT INTO "REEFLINE"."STAGE_1" ("ID") SELECT "ID"',
  ]);
});
