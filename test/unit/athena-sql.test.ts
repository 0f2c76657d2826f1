import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { QueryExecution } from '@aws-sdk/client-athena';
import { createTableAs, stagingOf } from '../../connectors/athena/create-table-as.ts';
import { queryFailure, requestFailure } from '../../connectors/athena/failures.ts';
import { literal, quoted } from '../../connectors/athena/names.ts';
import { clientToken } from '../../connectors/athena/resumable.ts';
import { glueColumns, hiveType } from '../../connectors/glue/column-types.ts';
import { neutralType } from '../../connectors/glue/neutral-types.ts';
import { tokenize } from '../../local/athena/tokens.ts';
import { PLAIN_KINDS, type ColumnType } from '../../pipeline/column.ts';
import { bindParameters, parametersIn } from '../../pipeline/sql-parameters.ts';
import { intervalOf } from '../../pipeline/timelabel.ts';
import { labelOf } from '../support/warehouse.ts';

const TABLE = { database: 'marts', table: 'delays' };
const MARKER = { dataset: 'athena.marts.delays', timelabel: '20010105080000', revision: 2 };
const PLACE = { doing: 'write x', file: 'sql/x.sql', linesBefore: 1, scanLimit: 10_000_000 };
const failed = (StateChangeReason: string, more: QueryExecution['Status'] = {}): QueryExecution => ({
  QueryExecutionId: 'q1',
  Status: { State: 'FAILED', StateChangeReason, ...more },
});

describe('the statement of a transform', () => {
  test('holds the SELECT from its second line on, without the semicolon at its end', () => {
    const sql = createTableAs(TABLE, 's3://b/x/', 'SELECT 1 AS a; -- the end');
    expect(sql.split('\n')).toEqual([
      `CREATE TABLE "marts"."delays" WITH (format = 'PARQUET', write_compression = 'ZSTD', external_location = 's3://b/x/') AS`,
      'SELECT 1 AS a -- the end',
    ]);
    expect(createTableAs(TABLE, undefined, 'SELECT 1')).not.toContain('external_location');
  });

  test('has names and texts that end nowhere but at their end, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(tokenize(quoted(text))).toMatchObject([{ kind: 'name', text: text.toLowerCase() }]);
        if (/[\u0000-\u001f]/.test(text)) expect(() => literal(text)).toThrow(/control character/);
        else expect(tokenize(literal(text))).toMatchObject([{ kind: 'string', text }]);
      }),
    );
  });

  test('has a folder and a table of its own for each submission, revision, label and text', () => {
    const of = (marker = MARKER, submission = 0, select = 'SELECT 1') => {
      const { table, folder } = stagingOf('s3://b/t/', TABLE, marker, submission, select);
      return [table.table, folder];
    };
    const others = [
      of(),
      of(MARKER, 1),
      of({ ...MARKER, revision: 3 }),
      of({ ...MARKER, timelabel: '20010105090000' }),
      of(MARKER, 0, 'SELECT 2'),
    ];
    expect(new Set(others.flat()).size).toBe(10);
    expect(of()).toEqual(of());
    expect(of()[1]).toMatch(/^s3:\/\/b\/t\/marts\/delays\/20010105080000\/r2\/q0-[0-9a-f]{8}\/$/);
  });

  test('has one token per submission and text, of a length that Athena takes', () => {
    const athena = { workgroup: 'primary', output: undefined };
    const tokens = [
      clientToken(athena, MARKER, 0, 'SELECT 1'),
      clientToken(athena, MARKER, 1, 'SELECT 1'),
      clientToken(athena, MARKER, 0, 'SELECT 2'),
      clientToken({ ...athena, workgroup: 'other' }, MARKER, 0, 'SELECT 1'),
    ];
    expect(new Set(tokens).size).toBe(4);
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('a failure', () => {
  test.each([
    ['SYNTAX_ERROR: line 2:8: no', 'invalid_config'],
    ['TABLE_NOT_FOUND: line 2:8: no', 'not_found'],
    ['DIVISION_BY_ZERO: Division by zero', 'data_error'],
    ['HIVE_PATH_ALREADY_EXISTS: there', 'conflict'],
    ['PERMISSION_DENIED: no', 'unauthorized'],
    ['GENERIC_INTERNAL_ERROR: oops', 'unavailable'],
    ['Access Denied (Service: Amazon S3)', 'unauthorized'],
    ['Please reduce your request rate: SlowDown', 'throttled'],
    ['Query exhausted resources at this scale factor', 'rejected'],
    ['something that nobody has seen', 'rejected'],
  ])('"%s" is of class %s', (reason, failureClass) => {
    expect(queryFailure(failed(reason), PLACE).failureClass).toBe(failureClass);
  });

  test('follows the category and the advice of the service where the text has no code', () => {
    const error = (AthenaError: object) =>
      queryFailure(failed('odd', { AthenaError, State: 'FAILED' }), PLACE).failureClass;
    expect(error({ ErrorCategory: 1, ErrorType: 233 })).toBe('unavailable');
    expect(error({ ErrorCategory: 2, ErrorType: 1001 })).toBe('data_error');
    expect(error({ ErrorCategory: 1, ErrorType: 210 })).toBe('timeout');
    expect(error({ ErrorCategory: 2, ErrorType: 9, Retryable: true })).toBe('unavailable');
  });

  test('names the line of the author, not that of the text around it', () => {
    const failure = queryFailure(failed(`COLUMN_NOT_FOUND: line 4:9: Column 'x'`), PLACE);
    expect(failure.message).toContain('sql/x.sql, line 3');
    expect(failure.facts).toMatchObject({ query: 'q1', line: 3, column: 9 });
    expect(queryFailure(failed('SCHEMA_NOT_FOUND: line 1:1: Schema'), PLACE).facts).not.toHaveProperty(
      'line',
    );
  });

  test('by the limit of the workgroup is not retried and names the limit', () => {
    const status = {
      State: 'CANCELLED',
      StateChangeReason: 'Query cancelled! : Bytes scanned limit was exceeded',
    } as const;
    const failure = queryFailure({ Status: status }, PLACE);
    expect(failure).toMatchObject({ failureClass: 'rejected', facts: { scanLimit: 10_000_000 } });
    const stopped = queryFailure({ Status: { State: 'CANCELLED', StateChangeReason: 'by a person' } }, PLACE);
    expect(stopped.failureClass).toBe('unavailable');
  });

  test.each([
    ['TooManyRequestsException', 400, 'throttled'],
    ['AccessDeniedException', 400, 'unauthorized'],
    ['InternalServerException', 500, 'unavailable'],
    ['InvalidRequestException', 400, 'invalid_config'],
    ['SomethingNew', 400, 'rejected'],
    ['SomethingNew', 503, 'unavailable'],
  ])('of a request, %s with status %i, is of class %s', (name, httpStatusCode, failureClass) => {
    const error = Object.assign(new Error('no'), { name, $metadata: { httpStatusCode } });
    expect(requestFailure(error, 'start').failureClass).toBe(failureClass);
  });
});

test('types that a transform writes come back from the catalog as they are, or as the text they are kept as', () => {
  const types: ColumnType[] = [
    ...PLAIN_KINDS.map((kind) => ({ kind })),
    { kind: 'decimal', precision: 38, scale: 10 },
    { kind: 'timestamp', zoned: false },
  ];
  for (const type of types) {
    const kept: ColumnType = type.kind === 'json' || type.kind === 'uuid' ? { kind: 'text' } : type;
    expect(neutralType(hiveType(type))).toEqual(kept);
  }
  expect(neutralType('varchar(3)')).toEqual({ kind: 'text' });
  for (const foreign of ['array<int>', 'map<string,int>', 'struct<a:int>'])
    expect(neutralType(foreign)).toBeUndefined();
  expect(glueColumns('t', [{ name: 'a', type: { kind: 'text' }, nullable: true }])[0]?.Type).toBe('string');
});

describe('parameters in the SQL of Athena', () => {
  const run = { timelabel: labelOf('20010105080000'), interval: intervalOf('1h', labelOf('20010105080000')) };

  test('are found behind a text that ends in a backslash, which is no escape there', () => {
    const sql = String.raw`SELECT 'a\' AS a, :timelabel AS l, '\' AS b`;
    expect(parametersIn(sql, 'athena')).toEqual(['timelabel']);
    expect(bindParameters(sql, run, 'athena')).toBe(
      String.raw`SELECT 'a\' AS a, '20010105080000' AS l, '\' AS b`,
    );
  });

  test('are found behind a comment that holds the beginning of another', () => {
    expect(parametersIn('/* a /* b */ :timelabel', 'athena')).toEqual(['timelabel']);
    expect(parametersIn('/* a /* b */ :timelabel', 'redshift')).toEqual([]);
  });
});
