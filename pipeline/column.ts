/** Kinds of types that need no further parameters. */
export const PLAIN_KINDS = [
  'boolean',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'date',
  'text',
  'json',
  'uuid',
  'binary',
] as const;

/**
 * One column of a dataset in Reefline's neutral types. Every connector maps its own types to and from these;
 * a type that has no neutral counterpart is refused with the column's name, never changed silently.
 */
export type ColumnType =
  | { readonly kind: (typeof PLAIN_KINDS)[number] }
  /** Exact decimal. `precision` 1..38, `scale` 0..precision. */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** Microseconds. `zoned` true: an instant (timestamptz); false: a wall-clock time without a zone. */
  | { readonly kind: 'timestamp'; readonly zoned: boolean };

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

/** `decimal(12,2)`, `timestamp with time zone`, `int64` … for messages and metadata events. */
export function describeType(type: ColumnType): string {
  switch (type.kind) {
    case 'decimal':
      return `decimal(${type.precision},${type.scale})`;
    case 'timestamp':
      return type.zoned ? 'timestamp with time zone' : 'timestamp';
    case 'boolean':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'date':
    case 'text':
    case 'json':
    case 'uuid':
    case 'binary':
      return type.kind;
  }
}

/** The type that `describeType` writes so; undefined for any other text. */
export function parseType(text: string): ColumnType | undefined {
  const decimal = /^decimal\((\d{1,2}),(\d{1,2})\)$/.exec(text);
  if (decimal !== null) return { kind: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  if (text === 'timestamp' || text === 'timestamp with time zone')
    return { kind: 'timestamp', zoned: text !== 'timestamp' };
  const kind = PLAIN_KINDS.find((candidate) => candidate === text);
  return kind === undefined ? undefined : { kind };
}
