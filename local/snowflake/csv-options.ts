import { literalValue, type Token } from '../redshift-data/tokens.ts';
import { Fault, unsupported } from './fault.ts';
import { syntaxError } from './sql-error.ts';

/** `FILE_FORMAT = (TYPE = CSV …)` as far as this local Snowflake knows it. */
export interface CsvFormat {
  readonly kind: 'csv';
  readonly compression: 'AUTO' | 'GZIP' | 'ZSTD' | 'NONE';
  readonly delimiter: string;
  /** Undefined when quotes are letters like others. */
  readonly enclosedBy: string | undefined;
  /** Texts that mean NULL, in quotes or not. */
  readonly nullIf: readonly string[];
  readonly emptyIsNull: boolean;
  readonly skipHeader: number;
}

/** Options that have one value here. What an option means that is not written is the first one. */
const ONLY: Readonly<Record<string, readonly [absent: string, only: string]>> = {
  RECORD_DELIMITER: ['\n', '\n'],
  MULTI_LINE: ['TRUE', 'TRUE'],
  ESCAPE: ['NONE', 'NONE'],
  ESCAPE_UNENCLOSED_FIELD: ['\\', 'NONE'],
  TRIM_SPACE: ['FALSE', 'FALSE'],
  ERROR_ON_COLUMN_COUNT_MISMATCH: ['TRUE', 'TRUE'],
  REPLACE_INVALID_CHARACTERS: ['FALSE', 'FALSE'],
  SKIP_BLANK_LINES: ['FALSE', 'FALSE'],
  ENCODING: ['UTF8', 'UTF8'],
  BINARY_FORMAT: ['HEX', 'HEX'],
  DATE_FORMAT: ['AUTO', 'AUTO'],
  TIME_FORMAT: ['AUTO', 'AUTO'],
  TIMESTAMP_FORMAT: ['AUTO', 'AUTO'],
};

export const CSV_OPTIONS: ReadonlySet<string> = new Set([
  'TYPE',
  'COMPRESSION',
  'FIELD_DELIMITER',
  'FIELD_OPTIONALLY_ENCLOSED_BY',
  'NULL_IF',
  'EMPTY_FIELD_AS_NULL',
  'SKIP_HEADER',
  ...Object.keys(ONLY),
]);

const COMPRESSIONS = ['AUTO', 'GZIP', 'ZSTD', 'NONE'] as const;

/** @throws Fault for values that no option has, and by name for those that this local Snowflake does not have. */
export function csvFormat(options: ReadonlyMap<string, readonly Token[]>): CsvFormat {
  const value = (name: string, absent: string): string => {
    const [first] = options.get(name) ?? [];
    if (first === undefined) return absent;
    return first.kind === 'string' ? literalValue(first) : first.key;
  };
  for (const [name, [absent, only]] of Object.entries(ONLY))
    if (value(name, absent).toUpperCase() !== only)
      throw unsupported(`${name} other than ${JSON.stringify(only)}`);
  const named = value('COMPRESSION', 'AUTO').toUpperCase();
  const compression = COMPRESSIONS.find((one) => one === named);
  if (compression === undefined) throw unsupported(`COMPRESSION = ${named} of CSV files`);
  const delimiter = value('FIELD_DELIMITER', ',');
  if (delimiter.length !== 1) throw unsupported('FIELD_DELIMITER of more or less than one letter');
  const quote = value('FIELD_OPTIONALLY_ENCLOSED_BY', 'NONE');
  if (!['NONE', '"', "'"].includes(quote)) throw invalid('FIELD_OPTIONALLY_ENCLOSED_BY', quote);
  const empty = value('EMPTY_FIELD_AS_NULL', 'TRUE').toUpperCase();
  if (empty !== 'TRUE' && empty !== 'FALSE') throw invalid('EMPTY_FIELD_AS_NULL', empty);
  const header = value('SKIP_HEADER', '0');
  if (!/^\d+$/.test(header)) throw syntaxError(`syntax error line 1 unexpected '${header}'.`);
  const nulls = options.get('NULL_IF');
  return {
    kind: 'csv',
    compression,
    delimiter,
    enclosedBy: quote === 'NONE' ? undefined : quote,
    nullIf: nulls === undefined ? ['\\N'] : nulls.filter(({ kind }) => kind === 'string').map(literalValue),
    emptyIsNull: empty === 'TRUE',
    skipHeader: Number(header),
  };
}

function invalid(name: string, value: string): Fault {
  return new Fault(
    '001008',
    `SQL compilation error:\ninvalid value [${value}] for parameter '${name}'`,
    '22023',
  );
}
