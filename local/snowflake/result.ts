import pg from 'pg';
import { Fault } from './fault.ts';
import { otherCase } from './letters.ts';
import type { QueryStore, RowType } from './query-store.ts';
import { faultOf } from './sql-error.ts';

/** Values stay in PostgreSQL's text format. */
const TEXT: pg.CustomTypesConfig = { getTypeParser: () => (value: string) => value };
/** Rows of one part of a result; the first part comes with the answer, the others as chunks. */
const PART_ROWS = 2_000;
const NANOS = 1_000_000_000n;

const SHAPES: Readonly<
  Record<number, { readonly type: string; readonly precision?: number; readonly scale?: number }>
> = {
  16: { type: 'boolean' },
  17: { type: 'binary' },
  20: { type: 'fixed', precision: 18, scale: 0 },
  21: { type: 'fixed', precision: 5, scale: 0 },
  23: { type: 'fixed', precision: 10, scale: 0 },
  700: { type: 'real' },
  701: { type: 'real' },
  1082: { type: 'date' },
  1083: { type: 'time', scale: 9 },
  1114: { type: 'timestamp_ntz', scale: 9 },
  1184: { type: 'timestamp_ltz', scale: 9 },
  114: { type: 'variant' },
  3802: { type: 'variant' },
};

/** What a statement answered: its columns, and how many rows the store has of it. */
export interface Result {
  readonly rowType: readonly RowType[];
  readonly rows: number;
  /** First value of the first row. */
  readonly first: string | null;
  readonly changed: number;
}

/** Runs one statement and keeps its rows in parts as they come, so that memory holds one part. */
export async function runStatement(
  client: pg.ClientBase,
  sql: string,
  keep: { readonly store: QueryStore; readonly id: string } | undefined,
): Promise<Result> {
  const state = { buffer: new Array<string>(), parts: 0, rows: 0, first: null as string | null };
  let failure: unknown;
  const flush = (): void => {
    if (keep !== undefined)
      keep.store.addPart(keep.id, state.parts, state.buffer.length, state.buffer.join(','));
    state.parts += 1;
    state.buffer = [];
  };
  const query = new pg.Query<(string | null)[]>({
    text: sql,
    rowMode: 'array',
    types: TEXT,
  } as pg.QueryArrayConfig);
  query.on('row', (row, result) => {
    if (failure !== undefined) return;
    try {
      const values = row.map((value, at) => encoded(value, result?.fields[at]?.dataTypeID ?? 25));
      if (state.rows === 0) state.first = values[0] ?? null;
      state.rows += 1;
      if (keep === undefined) return;
      state.buffer.push(JSON.stringify(values));
      if (state.buffer.length >= PART_ROWS) flush();
    } catch (error) {
      failure = error;
    }
  });
  const result = await new Promise<pg.ResultBuilder>((resolve, reject) => {
    query.on('end', resolve);
    query.on('error', reject);
    client.query(query);
  });
  if (failure !== undefined) throw faultOf(failure);
  if (state.buffer.length > 0 || state.parts === 0) flush();
  return {
    rowType: result.fields.map(rowTypeOf),
    rows: state.rows,
    first: state.first,
    changed: result.rowCount ?? 0,
  };
}

/** Keeps a result that the service made by itself. */
export function keepRows(
  store: QueryStore,
  id: string,
  columns: readonly string[],
  rows: readonly (readonly (string | null)[])[],
): Result {
  store.addPart(id, 0, rows.length, rows.map((row) => JSON.stringify(row)).join(','));
  const rowType = columns.map((name) => textColumn(name));
  return { rowType, rows: rows.length, first: rows[0]?.[0] ?? null, changed: 0 };
}

function textColumn(name: string): RowType {
  return {
    name,
    type: 'text',
    precision: null,
    scale: null,
    length: 16_777_216,
    byteLength: 16_777_216,
    nullable: true,
  };
}

function rowTypeOf(field: pg.FieldDef): RowType {
  const name = otherCase(field.name);
  const modifier = field.dataTypeModifier;
  if (field.dataTypeID === 1700) {
    // PostgreSQL forgets how many digits a sum has.
    const [precision, scale] =
      modifier >= 4 ? [((modifier - 4) >> 16) & 0xffff, (modifier - 4) & 0x7ff] : [38, 6];
    return { ...textColumn(name), type: 'fixed', precision, scale, length: null, byteLength: null };
  }
  const shape = SHAPES[field.dataTypeID];
  if (shape === undefined) return textColumn(name);
  const scale = shape.type.startsWith('time') && modifier >= 0 ? modifier : (shape.scale ?? null);
  return {
    ...textColumn(name),
    type: shape.type,
    precision: shape.precision ?? null,
    scale,
    length: null,
    byteLength: null,
  };
}

/** A value as the protocol's JSON carries it: days, seconds with nine digits, hexadecimal bytes. */
function encoded(value: string | null, type: number): string | null {
  if (value === null) return null;
  switch (type) {
    case 16:
      return value === 't' ? 'true' : 'false';
    case 17:
      return value.slice(2).toUpperCase();
    case 700:
    case 701:
      return { Infinity: 'inf', '-Infinity': '-inf' }[value] ?? value;
    case 1082:
      return String(epoch(value, `${value}T00:00:00Z`) / 86_400);
    case 1114:
    case 1184:
      return seconds(value);
    default:
      return value;
  }
}

function seconds(value: string): string {
  const [, whole = '', fraction = ''] = /^(.{19})(?:\.(\d+))?/.exec(value) ?? [];
  const nanos = BigInt(epoch(value, `${whole.replace(' ', 'T')}Z`)) * NANOS + BigInt(fraction.padEnd(9, '0'));
  const size = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? '-' : ''}${String(size / NANOS)}.${String(size % NANOS).padStart(9, '0')}`;
}

function epoch(value: string, iso: string): number {
  const instant = Date.parse(iso);
  if (Number.isNaN(instant) || value.endsWith('BC'))
    throw new Fault('100035', `Timestamp '${value}' is not recognized`, '22007');
  return Math.floor(instant / 1000);
}
