import { describe, expect, test } from '@jest/globals';
import { applyBatch, type Application } from '../../connectors/redshift/apply-statements.ts';
import { neutralType, redshiftType, storedColumn } from '../../connectors/redshift/column-types.ts';
import { copyStatements } from '../../connectors/redshift/copy-statements.ts';
import { classOfStatementError, requestFailure } from '../../connectors/redshift/failures.ts';
import { literal, quoted } from '../../connectors/redshift/names.ts';
import { stageQuery } from '../../connectors/redshift/query-columns.ts';
import { clientToken } from '../../connectors/redshift/resumable.ts';
import { openWarehouse } from '../../connectors/redshift/client.ts';
import { columnsAfter, planTarget, type TargetState } from '../../connectors/redshift/target-plan.ts';
import { PLAIN_KINDS, type Column, type ColumnType } from '../../pipeline/column.ts';
import { holds } from '../../pipeline/column-fit.ts';
import type { Manifest } from '../../pipeline/manifest.ts';

const TARGET = { schema: 'analytics', table: 'orders' };
const id: Column = { name: 'Id', type: { kind: 'int64' }, nullable: false };
const at: Column = { name: 'at', type: { kind: 'timestamp', zoned: true }, nullable: true };
const work: Application = {
  target: TARGET,
  marker: { dataset: 'warehouse.analytics.orders', timelabel: '20010105080000', revision: 2 },
  mode: 'append',
  key: [],
  columns: [{ ...id, name: 'id' }, at],
  staging: 'stage_1',
  fill: ['CREATE TEMP TABLE "stage_1" ("id" bigint, "at" timestamp)'],
  wallClock: true,
};

describe('the batch of a run', () => {
  test.each(['append', 'replace', 'merge'] as const)(
    '%s: locks first, before anything takes the snapshot',
    (mode) => {
      const { sqls } = applyBatch({ ...work, mode, key: ['id'] });
      expect(sqls[0]).toBe('LOCK "analytics"."orders"');
      expect(sqls.length).toBeLessThanOrEqual(40);
    },
  );

  test.each(['append', 'replace', 'merge'] as const)(
    '%s: every write to a kept table is guarded by the marker',
    (mode) => {
      const { sqls } = applyBatch({ ...work, mode, key: ['id'] });
      const writes = sqls.filter((sql) => /^(DELETE FROM|INSERT INTO) "(analytics|reefline)"/.test(sql));
      expect(writes.length).toBeGreaterThanOrEqual(3);
      for (const write of writes)
        expect(write).toMatch(
          /NOT EXISTS \(SELECT 1 FROM "reefline"."applied" WHERE dataset = 'warehouse.analytics.orders' AND timelabel = '20010105080000' AND revision >= 2\)/,
        );
    },
  );

  test('reads the zoned timestamps of a COPY as UTC, and those of a query as they are', () => {
    expect(applyBatch(work).sqls.join('\n')).toContain(`("stage_1"."at" AT TIME ZONE 'UTC')`);
    expect(applyBatch({ ...work, wallClock: false }).sqls.join('\n')).not.toContain('AT TIME ZONE');
  });

  test('returns the marker, and for a merge a sample of a bad key', () => {
    const merge = applyBatch({ ...work, mode: 'merge', key: ['id'] });
    expect(merge.sqls[merge.rows]).toMatch(/^SELECT "rows" FROM "reefline"."applied"/);
    expect(merge.sqls[merge.badKey ?? -1]).toBe('SELECT * FROM "stage_1_keys"');
    expect(applyBatch(work).badKey).toBeUndefined();
  });
});

describe('names and literals', () => {
  test('names are folded as Redshift folds them, and quotes inside are doubled', () => {
    expect(quoted('Ord"er')).toBe('"ord""er"');
    expect(quoted('GRÖSSE')).toBe('"grÖsse"');
  });

  test('a literal cannot end early: quotes are doubled, backslashes and control characters refused', () => {
    expect(literal("it's")).toBe("'it''s'");
    for (const text of ['\\', 'a\nb', '\u0000'])
      expect(() => literal(text)).toThrow(/backslash or a control character/);
  });
});

describe('COPY', () => {
  const manifest = (entries: Manifest['entries'], format: 'parquet' | 'csv' = 'parquet'): Manifest => ({
    entries,
    reefline: {
      version: 1,
      dataset: 'lake.shop.orders',
      timelabel: '20010105080000',
      revision: 1,
      format,
      columns: [id, at],
      rows: 0,
      bytes: 0,
    },
  });
  const entry = (url: string) => ({ url, mandatory: true as const, meta: { content_length: 1, rows: 1 } });

  test('reads a Parquet manifest with the options that Redshift allows for Parquet, and no others', () => {
    const [create, copy] = copyStatements(
      'stage_1',
      [id, at],
      [{ uri: 's3://b/m.json', manifest: manifest([entry('s3://b/f')]) }],
      undefined,
    );
    expect(create).toBe('CREATE TEMP TABLE "stage_1" ("id" bigint, "at" timestamp)');
    expect(copy).toBe(`COPY "stage_1" FROM 's3://b/m.json' IAM_ROLE default FORMAT AS PARQUET MANIFEST`);
  });

  test('is left out for an empty batch', () => {
    expect(
      copyStatements('stage_1', [id], [{ uri: 's3://b/m.json', manifest: manifest([]) }], undefined),
    ).toHaveLength(1);
  });

  test('tells CSV files apart by their compression, and refuses a mixture', () => {
    const csv = (urls: string[]) =>
      copyStatements(
        's',
        [id, at],
        [{ uri: 's3://b/m', manifest: manifest(urls.map(entry), 'csv') }],
        'arn:aws:iam::1:role/r',
      );
    expect(csv(['s3://b/a.csv.gz'])[1]).toContain(
      `IAM_ROLE 'arn:aws:iam::1:role/r' FORMAT AS CSV MANIFEST GZIP`,
    );
    expect(() => csv(['s3://b/a.csv.gz', 's3://b/b.csv'])).toThrow(/compressed in different ways/);
  });
});

describe('the plan for a target', () => {
  const absent: TargetState = { schemas: ['reefline'], markers: true, columns: [] };
  const plan = (state: TargetState, columns: Column[]) =>
    planTarget('warehouse.analytics.orders', TARGET, state, columns);
  const present: TargetState = {
    schemas: ['analytics', 'reefline'],
    markers: true,
    columns: [
      { name: 'id', type: 'bigint' },
      { name: 'reefline_timelabel', type: 'character(14)' },
    ],
  };

  test('creates an absent table with the label column last, and forgets the markers of a dropped one', () => {
    expect(plan(absent, [id])).toEqual([
      'CREATE SCHEMA IF NOT EXISTS "analytics"',
      'CREATE TABLE "analytics"."orders" ("id" bigint, "reefline_timelabel" char(14))',
      `DELETE FROM "reefline"."applied" WHERE dataset = 'warehouse.analytics.orders'`,
    ]);
  });

  test('is empty when everything is there, and adds columns one by one', () => {
    expect(plan(present, [id])).toEqual([]);
    expect(plan(present, [id, at])).toEqual(['ALTER TABLE "analytics"."orders" ADD COLUMN "at" timestamptz']);
    expect(columnsAfter(present, [id, at]).map((column) => column.name)).toEqual(['id', 'at']);
  });

  test('takes a narrower batch and refuses a retyped column with both types', () => {
    expect(plan(present, [{ ...id, type: { kind: 'int32' } }])).toEqual([]);
    expect(() => plan(present, [{ ...id, type: { kind: 'text' } }])).toThrow(
      /"id" is bigint there and text in the batch/,
    );
  });

  test('refuses two columns that Redshift cannot tell apart, and the name of the label column', () => {
    expect(() => plan(absent, [id, { ...id, name: 'ID' }])).toThrow(/"Id" and "ID".*ignores case/);
    expect(() => plan(absent, [{ ...id, name: 'REEFLINE_timelabel' }])).toThrow(/keeps the timelabel/);
  });
});

describe('types', () => {
  const spelled: Readonly<Record<string, string>> = {
    'varchar(65535)': 'character varying(65535)',
    'varchar(36)': 'character varying(36)',
    'varbyte(1024000)': 'binary varying(1024000)',
    timestamp: 'timestamp without time zone',
    timestamptz: 'timestamp with time zone',
    'decimal(38,10)': 'numeric(38,10)',
  };
  const all: ColumnType[] = [
    ...PLAIN_KINDS.map((kind) => ({ kind })),
    { kind: 'decimal', precision: 38, scale: 10 },
    { kind: 'timestamp', zoned: true },
    { kind: 'timestamp', zoned: false },
  ];

  test.each(all.map((type) => [JSON.stringify(type), type] as const))(
    '%s comes back from the catalog as what was stored',
    (_, type) => {
      const created = redshiftType(type);
      expect(neutralType(spelled[created] ?? created)).toEqual(
        storedColumn({ name: 'c', type, nullable: true }).type,
      );
    },
  );

  test('a type without a counterpart is not guessed', () => {
    for (const type of ['super', 'numeric', 'interval day to second', 'time without time zone', 'geometry'])
      expect(neutralType(type)).toBeUndefined();
  });

  test('a column holds a type only when no value of it could change', () => {
    const decimal = (precision: number, scale: number): ColumnType => ({ kind: 'decimal', precision, scale });
    expect(holds(decimal(12, 4), decimal(10, 2))).toBe(true);
    expect(holds(decimal(12, 2), decimal(12, 4))).toBe(false);
    expect(holds(decimal(10, 2), decimal(10, 1))).toBe(false);
    expect(holds(decimal(12, 2), { kind: 'int32' })).toBe(true);
    expect(holds(decimal(11, 2), { kind: 'int32' })).toBe(false);
    expect(holds({ kind: 'int64' }, { kind: 'int16' })).toBe(true);
    expect(holds({ kind: 'int16' }, { kind: 'int64' })).toBe(false);
    expect(holds({ kind: 'float64' }, { kind: 'int32' })).toBe(false);
    expect(holds({ kind: 'timestamp', zoned: true }, { kind: 'timestamp', zoned: false })).toBe(false);
  });
});

describe('failures', () => {
  test.each([
    ['ERROR: 1023\n  Detail: Serializable isolation violation on table - 1', 'conflict'],
    [
      "ERROR: Load into table 'x' failed.  Check 'sys_load_error_detail' system table for details.",
      'data_error',
    ],
    [
      'ERROR: S3ServiceException:The specified key does not exist.,Status 404,Error NoSuchKey,Rid 1\n  code:      8001',
      'not_found',
    ],
    ['ERROR: S3ServiceException:Access Denied,Status 403,Error AccessDenied,Rid 1', 'unauthorized'],
    [
      'ERROR: Spectrum Scan Error\n  Detail: code:      15007 context: Unmatched number of columns',
      'data_error',
    ],
    ['ERROR: permission denied for schema analytics', 'unauthorized'],
    ['ERROR: relation "analytics.nothing" does not exist', 'not_found'],
    ['ERROR: syntax error at or near "FORM"', 'invalid_config'],
    ['ERROR: something that nobody has seen', 'rejected'],
  ])('of a statement are classified by code where there is one: %s', (text, failureClass) => {
    expect(classOfStatementError(text)).toBe(failureClass);
  });

  test('of a request are classified by the name of the exception, and as unavailable when nobody answered', () => {
    const named = (name: string) =>
      Object.assign(new Error('text'), { name, $metadata: { httpStatusCode: 400 } });
    expect(requestFailure(named('ActiveStatementsExceededException'), 'run').failureClass).toBe('throttled');
    expect(requestFailure(named('AccessDeniedException'), 'run').failureClass).toBe('unauthorized');
    expect(requestFailure(named('NewException'), 'run').failureClass).toBe('rejected');
    const refused = requestFailure(
      new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')]),
      'run a batch',
    );
    expect(refused.failureClass).toBe('unavailable');
    expect(refused.message).toContain('ECONNREFUSED');
  });
});

describe('tokens and staging', () => {
  test('a token is one for the same submission and another for a later one, another revision and other SQL', () => {
    const warehouse = openWarehouse({
      kind: 'redshift',
      database: 'dev',
      workgroup: 'w',
      region: 'us-east-1',
    });
    const token = (revision: number, failed: number, sql: string) =>
      clientToken(warehouse, { marker: { ...work.marker, revision }, sqls: [sql] }, failed);
    expect(token(1, 0, 'a')).toMatch(/^[0-9a-f]{64}$/);
    expect(token(1, 0, 'a')).toBe(token(1, 0, 'a'));
    expect(new Set([token(1, 0, 'a'), token(2, 0, 'a'), token(1, 1, 'a'), token(1, 0, 'b')]).size).toBe(4);
    warehouse.client.destroy();
  });

  test('a query is staged whatever its last line is', () => {
    expect(stageQuery('s', 'SELECT 1 AS a; -- done')).toBe(
      'CREATE TEMP TABLE "s" AS SELECT * FROM (SELECT 1 AS a -- done\n) AS reefline_query',
    );
    expect(stageQuery('s', "SELECT ';' AS a\n;\n")).toContain("SELECT ';' AS a");
    expect(stageQuery('s', 'SELECT 1 AS a', true)).toContain('WHERE 1 = 0');
  });
});
