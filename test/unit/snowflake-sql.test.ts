import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyStatements } from '../../connectors/snowflake/apply-statements.ts';
import { blockText, readOutcome } from '../../connectors/snowflake/block.ts';
import {
  heldType,
  holds,
  neutralType,
  snowflakeType,
  typeText,
} from '../../connectors/snowflake/column-types.ts';
import { copyStatements } from '../../connectors/snowflake/copy-statements.ts';
import { classOfCode, requestFailure, statementFailure } from '../../connectors/snowflake/failures.ts';
import { literal, neutralName, quoted, storedName, tableOf } from '../../connectors/snowflake/names.ts';
import { columnsAfter, planTarget } from '../../connectors/snowflake/target-plan.ts';
import type { Column, ColumnType } from '../../pipeline/column.ts';
import type { Manifest } from '../../pipeline/manifest.ts';

const ID: Column = { name: 'id', type: { kind: 'int64' }, nullable: false };
const NOTE: Column = { name: 'note', type: { kind: 'text' }, nullable: true };
const TARGET = { schema: 'ANALYTICS', table: 'ORDERS' };
const ABSENT = { schemas: [], markers: false, turns: false, columns: [] };

describe('names', () => {
  test('are stored as SQL without quotes means them, and letter by letter where it needs quotes', () => {
    expect(['orders', 'OrderId', '_x$1', 'order id', '1st', 'größe'].map(storedName)).toEqual([
      'ORDERS',
      'ORDERID',
      '_X$1',
      'order id',
      '1st',
      'größe',
    ]);
    expect(tableOf({ connection: 'warehouse', schema: 'analytics', table: 'orders' })).toEqual(TARGET);
    expect(quoted('a "b"')).toBe('"a ""b"""');
  });

  test('come back as they were, but for capital letters of names without quotes', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (name) => {
        expect(storedName(neutralName(storedName(name)))).toBe(storedName(name));
      }),
    );
    expect(neutralName('ORDER_ID')).toBe('order_id');
    expect(neutralName('Order Id')).toBe('Order Id');
  });

  test('literals keep quotes and backslashes, and refuse what no text can hold', () => {
    expect(literal(String.raw`it's \n`)).toBe(String.raw`'it''s \\n'`);
    expect(() => literal('a\0b')).toThrow(/NUL/);
  });
});

describe('types', () => {
  test.each<[ColumnType, string]>([
    [{ kind: 'boolean' }, 'BOOLEAN'],
    [{ kind: 'int16' }, 'NUMBER(5,0)'],
    [{ kind: 'int32' }, 'NUMBER(10,0)'],
    [{ kind: 'int64' }, 'NUMBER(19,0)'],
    [{ kind: 'decimal', precision: 38, scale: 10 }, 'NUMBER(38,10)'],
    [{ kind: 'float32' }, 'FLOAT'],
    [{ kind: 'float64' }, 'FLOAT'],
    [{ kind: 'date' }, 'DATE'],
    [{ kind: 'timestamp', zoned: false }, 'TIMESTAMP_NTZ(6)'],
    [{ kind: 'timestamp', zoned: true }, 'TIMESTAMP_LTZ(6)'],
    [{ kind: 'text' }, 'VARCHAR'],
    [{ kind: 'json' }, 'VARCHAR'],
    [{ kind: 'uuid' }, 'VARCHAR(36)'],
    [{ kind: 'binary' }, 'BINARY'],
  ])('%j becomes %s, which holds it', (type, expected) => {
    expect(snowflakeType(type)).toBe(expected);
    expect(holds(heldType(type), heldType(type))).toBe(true);
    expect(neutralType(heldType(type))).toBeDefined();
  });

  test('integers come back as they were written, other numbers by their digits', () => {
    for (const kind of ['int16', 'int32', 'int64'] as const)
      expect(neutralType(heldType({ kind }))).toEqual({ kind });
    expect(neutralType({ base: 'NUMBER', precision: 38, scale: 0 })).toEqual({
      kind: 'decimal',
      precision: 38,
      scale: 0,
    });
    expect(neutralType({ base: 'VARIANT' })).toBeUndefined();
    expect(typeText({ base: 'TIMESTAMP_TZ', precision: 9 })).toBe('TIMESTAMP_TZ(9)');
  });

  test('numbers and times are never put where they would be rounded', () => {
    const number = (precision: number, scale: number) => ({ base: 'NUMBER', precision, scale });
    expect(holds(number(19, 0), number(5, 0))).toBe(true);
    expect(holds(number(5, 0), number(19, 0))).toBe(false);
    expect(holds(number(12, 2), number(12, 3))).toBe(false);
    expect(
      holds({ base: 'TIMESTAMP_NTZ', precision: 3 }, heldType({ kind: 'timestamp', zoned: false })),
    ).toBe(false);
    expect(holds({ base: 'TIMESTAMP_TZ', precision: 9 }, heldType({ kind: 'timestamp', zoned: true }))).toBe(
      true,
    );
    expect(holds({ base: 'TIMESTAMP_NTZ', precision: 9 }, heldType({ kind: 'timestamp', zoned: true }))).toBe(
      false,
    );
  });
});

describe('the plan of a target', () => {
  test('makes what is missing, and forgets the markers of a table that is gone before it comes back', () => {
    const plan = planTarget('warehouse.analytics.orders', TARGET, ABSENT, [ID, NOTE]);
    expect(plan.map((sql) => sql.split(' (')[0])).toEqual([
      'CREATE SCHEMA IF NOT EXISTS "ANALYTICS"',
      'CREATE SCHEMA IF NOT EXISTS "REEFLINE"',
      'CREATE TABLE IF NOT EXISTS "REEFLINE"."APPLIED"',
      'CREATE TABLE "REEFLINE"."TURNS ANALYTICS.ORDERS" AS SELECT 1 AS "TURN"',
      'DELETE FROM "REEFLINE"."APPLIED" WHERE "DATASET" = \'warehouse.analytics.orders\' AND NOT EXISTS',
      'CREATE TABLE "ANALYTICS"."ORDERS"',
    ]);
    expect(plan.at(-1)).toContain('("ID" NUMBER(19,0), "NOTE" VARCHAR, "REEFLINE_TIMELABEL" VARCHAR(14))');
  });

  test('adds columns and never takes one away', () => {
    const state = {
      schemas: ['ANALYTICS', 'REEFLINE'],
      markers: true,
      turns: true,
      columns: [{ name: 'OLD', type: { base: 'TEXT' } }],
    };
    expect(planTarget('d', TARGET, state, [ID])).toEqual([
      'ALTER TABLE "ANALYTICS"."ORDERS" ADD COLUMN IF NOT EXISTS "ID" NUMBER(19,0)',
      'ALTER TABLE "ANALYTICS"."ORDERS" ADD COLUMN IF NOT EXISTS "REEFLINE_TIMELABEL" VARCHAR(14)',
    ]);
    expect(columnsAfter(state, [ID]).map(({ name, type }) => [name, type.kind])).toEqual([
      ['old', 'text'],
      ['id', 'int64'],
    ]);
  });

  test.each<[string, readonly Column[], RegExp]>([
    ['two columns of one name', [ID, { ...ID, name: 'Id' }], /"id" and "Id" .* one name in Snowflake, ID/],
    [
      'the name of the label column',
      [{ ...NOTE, name: 'reefline_timelabel' }],
      /Reefline keeps the timelabel/,
    ],
    [
      'a decimal without a digit before the point',
      [{ ...ID, type: { kind: 'decimal', precision: 38, scale: 38 } }],
      /decimal\(38,38\).*at most 37/,
    ],
  ])('refuses %s', (_what, columns, message) => {
    expect(() => planTarget('d', TARGET, ABSENT, columns)).toThrow(message);
  });
});

describe('the block of a run', () => {
  const marker = { dataset: 'warehouse.analytics.orders', timelabel: '20010105080000', revision: 2 };
  const staging = { schema: 'REEFLINE', table: 'STAGE_1' };
  const work = {
    target: TARGET,
    marker,
    mode: 'append',
    key: [],
    columns: ['ID'],
    staging,
    fill: ['FILL'],
  } as const;

  test('waits for its turn before it looks at markers, and guards every write', () => {
    for (const mode of ['append', 'replace', 'merge'] as const) {
      const { before, transaction, outcome } = applyStatements({
        ...work,
        mode,
        key: mode === 'merge' ? ['ID'] : [],
      });
      expect(before[0]).toBe('FILL');
      expect(transaction[0]).toBe('UPDATE "REEFLINE"."TURNS ANALYTICS.ORDERS" SET "TURN" = "TURN" + 1');
      const writes = transaction
        .slice(1)
        .filter((sql) => /^(?:DELETE FROM|INSERT INTO) "(?:ANALYTICS|REEFLINE"\."APPLIED)/.test(sql));
      expect(writes.length).toBeGreaterThan(2);
      for (const sql of writes) expect(sql).toContain('"REVISION" >= 2');
      expect(outcome.includes('badKey')).toBe(mode === 'merge');
    }
  });

  test('is one statement, whatever the author wrote into a SELECT', () => {
    const block = (fill: string) => blockText(applyStatements({ ...work, fill: [fill] }));
    expect(block("SELECT 'a'")).toMatch(/^EXECUTE IMMEDIATE \$\$\nDECLARE[^]*\$\$$/);
    expect(block(String.raw`SELECT $$it's \d$$`)).toContain(String.raw`SELECT $$it''s \\d$$`);
    expect(block('SELECT $$a$$')).toMatch(/^EXECUTE IMMEDIATE '[^]*'$/);
  });

  test('tells what it did, which key was bad, or how it failed', () => {
    expect(readOutcome('{"rows": 3, "badKey": null}')).toEqual({ kind: 'ended', rows: 3, badKey: undefined });
    expect(readOutcome('{"rows": null, "badKey": {"1": "2", "0": null}}')).toEqual({
      kind: 'ended',
      rows: undefined,
      badKey: [null, '2'],
    });
    expect(readOutcome('{"code": 904, "message": "invalid identifier"}')).toEqual({
      kind: 'failed',
      error: { code: '904', message: 'invalid identifier' },
    });
    for (const text of [undefined, null, '', 'done', '[1]', '{}'])
      expect(readOutcome(text)?.kind).not.toBe('failed');
  });
});

describe('COPY', () => {
  const manifest = (count: number, format: 'parquet' | 'csv' = 'parquet'): Manifest => ({
    entries: Array.from({ length: count }, (_, at) => ({
      url: `s3://lake/shop/o'rders/part-${String(at)}.parquet`,
      mandatory: true,
      meta: { content_length: 1, rows: 1 },
    })),
    reefline: {
      version: 1,
      dataset: 'lake.shop.orders',
      timelabel: '1',
      revision: 1,
      format,
      columns: [ID],
      rows: count,
      bytes: count,
    },
  });
  const staging = { schema: 'REEFLINE', table: 'STAGE_1' };
  const statements = (count: number, format?: 'parquet' | 'csv', integration: string | undefined = 'lake') =>
    copyStatements(
      staging,
      [ID],
      [{ uri: 's3://lake/manifest.json', manifest: manifest(count, format) }],
      integration,
    );

  test('names exactly the files of the manifest, at most a thousand in one statement', () => {
    expect(statements(1)).toEqual([
      'CREATE OR REPLACE TEMPORARY TABLE "REEFLINE"."STAGE_1" ("ID" NUMBER(19,0))',
      `COPY INTO "REEFLINE"."STAGE_1" FROM 's3://lake/' STORAGE_INTEGRATION = lake FILES = ('shop/o''rders/part-0.parquet') ` +
        'FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = TRUE BINARY_AS_TEXT = FALSE) MATCH_BY_COLUMN_NAME = CASE_INSENSITIVE ON_ERROR = ABORT_STATEMENT FORCE = TRUE',
    ]);
    expect(statements(0)).toHaveLength(1);
    expect(statements(2_001)).toHaveLength(4);
  });

  test('of CSV says how it is written, whatever the defaults of the service are', () => {
    const [, copy] = statements(1, 'csv');
    expect(copy).toContain(
      String.raw`FILE_FORMAT = (TYPE = CSV COMPRESSION = NONE FIELD_DELIMITER = ',' RECORD_DELIMITER = '\n' FIELD_OPTIONALLY_ENCLOSED_BY = '"' ` +
        String.raw`ESCAPE = NONE ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = ('\\N') EMPTY_FIELD_AS_NULL = FALSE `,
    );
    expect(copy).not.toContain('MATCH_BY_COLUMN_NAME');
  });

  test('is refused for a connection without a storage integration', () => {
    expect(() => copyStatements(staging, [ID], [{ uri: 'u', manifest: manifest(1) }], undefined)).toThrow(
      /storageIntegration/,
    );
  });
});

describe('failures', () => {
  test.each([
    ['2003', 'not_found'],
    ['001003', 'invalid_config'],
    ['604', 'unavailable'],
    ['390144', 'unauthorized'],
    ['401001', 'unavailable'],
    ['999999', 'rejected'],
  ])('code %s is %s', (code, failureClass) => {
    expect(classOfCode(code)).toBe(failureClass);
  });

  test('of COPY name the file, the row and the column', () => {
    const message = `Numeric value 'x' is not recognized\n  File 'shop/part-0.parquet', line 3, character 5\n  Row 3, column "STAGE_1"["ID":1]`;
    expect(statementFailure({ code: '100038', message }, 'write')).toMatchObject({
      failureClass: 'data_error',
      facts: { file: 'shop/part-0.parquet', line: 3, column: 'ID', code: '100038' },
    });
  });

  test('of the transport follow the status of the response', () => {
    const failed = (statusCode: number) =>
      requestFailure(Object.assign(new Error('no'), { code: 401002, response: { statusCode } }), 'read')
        .failureClass;
    expect([429, 403, 400, 503].map(failed)).toEqual([
      'throttled',
      'unauthorized',
      'rejected',
      'unavailable',
    ]);
  });
});
