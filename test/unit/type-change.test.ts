import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { copyStatements } from '../../connectors/redshift/copy-statements.ts';
import { planTarget } from '../../connectors/redshift/target-plan.ts';
import { describeType, parseType, PLAIN_KINDS, type Column, type ColumnType } from '../../pipeline/column.ts';
import type { StagedManifest } from '../../pipeline/manifest.ts';
import { typeChange } from '../../pipeline/type-change.ts';
import { unionColumns } from '../../pipeline/union-columns.ts';

const TYPES: fc.Arbitrary<ColumnType> = fc.oneof(
  fc.constantFrom(...PLAIN_KINDS).map((kind): ColumnType => ({ kind })),
  fc.boolean().map((zoned): ColumnType => ({ kind: 'timestamp', zoned })),
  fc.tuple(fc.integer({ min: 1, max: 38 }), fc.nat(38)).map(([precision, scale]): ColumnType => ({
    kind: 'decimal',
    precision,
    scale: Math.min(scale, precision),
  })),
);

function column(name: string, type: string, nullable = true): Column {
  const parsed = parseType(type);
  if (parsed === undefined) throw new Error(`${type} is no type`);
  return { name, type: parsed, nullable };
}

describe('A changed type', () => {
  test('is what docs/schema-changes.md says of it', () => {
    const page = readFileSync(new URL('../../docs/schema-changes.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([^`]+)` +\| `([^`]+)` +\| (\w+) +\|$/gmu)];
    expect(rows.length).toBeGreaterThan(20);
    for (const [, before = '', now = '', is] of rows)
      expect([before, now, typeChange(column('c', before).type, column('c', now).type)]).toEqual([
        before,
        now,
        is,
      ]);
  });

  test('is narrower when the way back is wider, and every type can be read from its description', () => {
    const back = {
      same: 'same',
      wider: 'narrower',
      narrower: 'wider',
      incompatible: 'incompatible',
    } as const;
    fc.assert(
      fc.property(TYPES, TYPES, (before, now) => {
        expect(typeChange(now, before)).toBe(back[typeChange(before, now)]);
        expect(parseType(describeType(now))).toEqual(now);
      }),
    );
  });
});

describe('The columns of several batches together', () => {
  test('are those of all of them, of the widest type, nullable where one lacks them', () => {
    const union = unionColumns([
      [column('id', 'int32', false), column('note', 'text', false)],
      [column('added', 'date', false), column('id', 'int64', false)],
      [column('id', 'int16', false)],
    ]);
    expect(union).toEqual([column('id', 'int64', false), column('note', 'text'), column('added', 'date')]);
  });

  test('are refused by name when no type holds the values of two of them', () => {
    const batches = [[column('a', 'text')], [column('id', 'int32')], [column('id', 'text')]];
    expect(unionColumns(batches)).toMatchObject({ column: 'id', first: 1, other: 2 });
  });

  test('get each batch through a table of its own columns, because COPY goes by position', () => {
    const [old, now] = [
      [column('id', 'int32')],
      [column('at', 'timestamp with time zone'), column('id', 'int64')],
    ];
    const staged = (uri: string, columns: readonly Column[]): StagedManifest => ({
      uri,
      manifest: {
        entries: [{ url: `${uri}.parquet`, mandatory: true, meta: { content_length: 1, rows: 1 } }],
        reefline: {
          ...{ version: 1, dataset: 'd', timelabel: 't', revision: 1, format: 'parquet' },
          ...{ columns, rows: 1, bytes: 1 },
        },
      },
    });
    const union = unionColumns([old, now, old]);
    if ('column' in union) throw new Error('no union');
    const batches = [staged('s3://b/1', old), staged('s3://b/2', now), staged('s3://b/3', old)];
    const copy = (table: string, uri: string): string =>
      `COPY "${table}" FROM '${uri}' IAM_ROLE default FORMAT AS PARQUET MANIFEST`;
    expect(copyStatements('s', union, batches, undefined)).toEqual([
      'CREATE TEMP TABLE "s" ("id" bigint, "at" timestamp)',
      'CREATE TEMP TABLE "s_1" ("id" integer)',
      copy('s_1', 's3://b/1'),
      copy('s_1', 's3://b/3'),
      'INSERT INTO "s" ("id") SELECT "id" FROM "s_1"',
      'DROP TABLE "s_1"',
      'CREATE TEMP TABLE "s_6" ("at" timestamp, "id" bigint)',
      copy('s_6', 's3://b/2'),
      'INSERT INTO "s" ("at", "id") SELECT "at", "id" FROM "s_6"',
      'DROP TABLE "s_6"',
    ]);
    expect(copyStatements('s', old, batches.slice(0, 1), undefined)).toHaveLength(2);
  });
});

describe('A column of Redshift that cannot hold its new type', () => {
  const plan = (type: string): unknown => {
    const state = { schemas: ['a', 'reefline'], markers: true, columns: [{ name: 'n', type: 'integer' }] };
    return planTarget('w.a.t', { schema: 'a', table: 't' }, state, [column('n', type)]);
  };

  test('is refused with the statements that widen it, and without them when they would not', () => {
    expect(() => plan('int64')).toThrow(
      'ALTER TABLE "a"."t" ADD COLUMN "n_wide" bigint; UPDATE "a"."t" SET "n_wide" = "n"; ' +
        'ALTER TABLE "a"."t" DROP COLUMN "n"; ALTER TABLE "a"."t" RENAME COLUMN "n_wide" TO "n";',
    );
    expect(() => plan('text')).toThrow('restore its type at the source');
  });
});
