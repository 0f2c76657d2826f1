import {
  closing,
  literalValue,
  significant,
  splitByComma,
  tokenize,
  type Token,
} from '../redshift-data/tokens.ts';
import { CSV_OPTIONS, csvFormat, type CsvFormat } from './csv-options.ts';
import { Fault, missing, unsupported } from './fault.ts';
import { nameOf } from './translate.ts';
import { syntaxError } from './sql-error.ts';

/** `COPY INTO <table> FROM 's3://…' …` as far as this local Snowflake knows it. */
export interface CopyInto {
  /** Names as Snowflake stores them. */
  readonly table: readonly string[];
  /** `s3://bucket/folder/`, or `@…` of a stage. */
  readonly from: string;
  readonly integration: string | undefined;
  readonly files: readonly string[];
  readonly format: CsvFormat | ParquetFormat;
}

/** `FILE_FORMAT = (TYPE = PARQUET …)` */
export interface ParquetFormat {
  readonly kind: 'parquet';
  readonly binaryAsText: boolean;
  readonly logicalTypes: boolean;
}

const OPTIONS = new Set([
  'STORAGE_INTEGRATION',
  'FILES',
  'FILE_FORMAT',
  'MATCH_BY_COLUMN_NAME',
  'ON_ERROR',
  'FORCE',
  'PURGE',
]);
const PARQUET_OPTIONS = new Set(['TYPE', 'USE_LOGICAL_TYPE', 'BINARY_AS_TEXT', 'COMPRESSION']);
const MOST_FILES = 1_000;

export function isCopyInto(sql: string): boolean {
  const [first, second] = significant(tokenize(sql));
  return first?.key === 'COPY' && second?.key === 'INTO';
}

/** @throws Fault for a syntax error, and by name for options that this local Snowflake does not have. */
export function parseCopyInto(sql: string): CopyInto {
  const words = significant(tokenize(sql)).filter(({ key }) => key !== ';');
  let at = 2;
  const table = [nameOf(words[at]) ?? ''];
  while (words[at + 1]?.key === '.') {
    at += 2;
    table.push(nameOf(words[at]) ?? '');
  }
  if (words[at + 1]?.key !== 'FROM')
    throw syntaxError(`syntax error line 1 unexpected '${words[at + 1]?.text ?? '<EOF>'}'.`);
  const source = words[at + 2];
  if (source?.kind !== 'string') throw unsupported('COPY INTO from stages and queries');
  const options = readOptions(words.slice(at + 3), OPTIONS);
  const format = fileFormat(inside(options.get('FILE_FORMAT')), single(options.get('MATCH_BY_COLUMN_NAME')));
  const onError = single(options.get('ON_ERROR') ?? []);
  if (onError !== '' && onError !== 'ABORT_STATEMENT') throw unsupported(`ON_ERROR = ${onError}`);
  const files = inside(options.get('FILES'))
    .filter(({ kind }) => kind === 'string')
    .map(literalValue);
  if (files.length === 0) throw unsupported('COPY INTO without FILES');
  if (files.length > MOST_FILES)
    throw new Fault(
      '001015',
      `SQL compilation error:\nMaximum number of files (${String(MOST_FILES)}) exceeded.`,
    );
  const integration = options.get('STORAGE_INTEGRATION')?.[0];
  return {
    table,
    from: literalValue(source),
    integration: integration === undefined ? undefined : nameOf(integration),
    files,
    format,
  };
}

function fileFormat(words: readonly Token[], matching: string): CsvFormat | ParquetFormat {
  const type = words.findIndex(({ key }) => key === 'TYPE');
  const kind = single(words.slice(type + 2, type + 3));
  if (kind === 'CSV') {
    if (matching !== '' && matching !== 'NONE') throw unsupported('MATCH_BY_COLUMN_NAME of CSV files');
    return csvFormat(readOptions(words, CSV_OPTIONS));
  }
  if (kind !== 'PARQUET') throw unsupported('COPY INTO of files other than CSV and PARQUET');
  const format = readOptions(words, PARQUET_OPTIONS);
  if (!/^CASE_(?:IN)?SENSITIVE$/.test(matching))
    throw new Fault(
      '002019',
      'SQL compilation error:\nPARQUET file format can produce one and only one column of type variant, object, or array. Load data into separate columns using the MATCH_BY_COLUMN_NAME copy option or copy with transformation.',
      '0A000',
    );
  return {
    kind: 'parquet',
    binaryAsText: single(format.get('BINARY_AS_TEXT')) !== 'FALSE',
    logicalTypes: single(format.get('USE_LOGICAL_TYPE')) === 'TRUE',
  };
}

/**
 * Where the files lie. @throws Fault when there is no such integration, or when it does not allow the place.
 */
export function bucketOf(
  { from, integration }: CopyInto,
  allowed: (integration: string) => readonly string[] | undefined,
): { readonly bucket: string; readonly folder: string } {
  const [, bucket, folder = ''] = /^s3:\/\/([^/]+)\/?(.*)$/.exec(from) ?? [];
  if (bucket === undefined)
    throw new Fault('002013', `SQL compilation error:\ninvalid URL prefix found in: '${from}'`);
  if (integration === undefined)
    throw new Fault('003167', `Error assuming AWS_ROLE: no credentials for '${from}'.`, '42601');
  const locations = allowed(integration);
  if (locations === undefined) throw missing('Integration', integration);
  if (!locations.some((location) => location === '*' || from.startsWith(location)))
    throw new Fault(
      '003531',
      `Location '${from}' is not allowed by integration ${integration}. Please use DESC INTEGRATION to check out allowed and blocked locations.`,
      '42601',
    );
  return { bucket, folder };
}

function readOptions(
  words: readonly Token[],
  known: ReadonlySet<string>,
): ReadonlyMap<string, readonly Token[]> {
  const options = new Map<string, readonly Token[]>();
  for (let at = 0; at < words.length;) {
    const name = words[at];
    if (name?.key === ',') {
      at += 1;
      continue;
    }
    if (name === undefined || words[at + 1]?.key !== '=')
      throw syntaxError(`syntax error line 1 unexpected '${name?.text ?? '<EOF>'}'.`);
    if (!known.has(name.key)) throw unsupported(`option ${name.key} of COPY INTO`);
    const value = at + 2;
    const end = words[value]?.key === '(' ? closing(words, value) : value;
    options.set(name.key, words.slice(value, end + 1));
    at = end + 1;
  }
  return options;
}

function inside(value: readonly Token[] | undefined): readonly Token[] {
  if (value === undefined) return [];
  return value[0]?.key === '(' ? splitByComma(value.slice(1, -1)).flat() : value;
}

function single(value: readonly Token[] | undefined): string {
  const [first] = value ?? [];
  return first === undefined ? '' : first.kind === 'string' ? literalValue(first).toUpperCase() : first.key;
}
