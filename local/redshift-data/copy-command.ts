import { StatementError } from './sql-error.ts';
import { literalValue, significant, tokenize, type Token } from './tokens.ts';

export interface CopyCommand {
  /** `schema.table` or `table`, quoted for PostgreSQL. */
  readonly table: string;
  /** Table name as Redshift's messages show it. */
  readonly name: string;
  readonly columns: readonly string[] | undefined;
  readonly from: { readonly bucket: string; readonly key: string; readonly url: string };
  readonly manifest: boolean;
  readonly format: 'parquet' | 'csv';
  readonly options: ReadonlyMap<string, string>;
}

/** Options by what follows them. */
const FLAGS = new Set([
  'MANIFEST',
  'GZIP',
  'ZSTD',
  'BZIP2',
  'LZOP',
  'EMPTYASNULL',
  'BLANKSASNULL',
  'TRIMBLANKS',
  'FILLRECORD',
  'IGNOREBLANKLINES',
  'EXPLICIT_IDS',
  'ACCEPTANYDATE',
  'REMOVEQUOTES',
  'ESCAPE',
  'TRUNCATECOLUMNS',
  'NOLOAD',
  'ROUNDEC',
  'ENCRYPTED',
  'SSH',
  'IGNOREALLERRORS',
]);
const WITH_VALUE = new Set([
  'IAM_ROLE',
  'CREDENTIALS',
  'DELIMITER',
  'QUOTE',
  'IGNOREHEADER',
  'NULL',
  'DATEFORMAT',
  'TIMEFORMAT',
  'MAXERROR',
  'REGION',
  'ENCODING',
  'COMPROWS',
  'READRATIO',
  'ACCESS_KEY_ID',
  'SECRET_ACCESS_KEY',
  'SESSION_TOKEN',
  'FIXEDWIDTH',
]);
const WITH_OPTIONAL_VALUE = new Set([
  'STATUPDATE',
  'COMPUPDATE',
  'ACCEPTINVCHARS',
  'SERIALIZETOJSON',
  'JSON',
  'AVRO',
  'SHAPEFILE',
]);
const FORMATS = new Set(['PARQUET', 'CSV', 'ORC', 'JSON', 'AVRO', 'SHAPEFILE', 'FIXEDWIDTH']);

/** https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html */
const PARQUET_OPTIONS = new Set([
  'ACCEPTINVCHARS',
  'FILLRECORD',
  'IAM_ROLE',
  'CREDENTIALS',
  'STATUPDATE',
  'MANIFEST',
  'EXPLICIT_IDS',
]);
const CSV_OPTIONS = new Set([
  'IAM_ROLE',
  'CREDENTIALS',
  'STATUPDATE',
  'COMPUPDATE',
  'MANIFEST',
  'EXPLICIT_IDS',
  'DELIMITER',
  'QUOTE',
  'IGNOREHEADER',
  'NULL',
  'GZIP',
  'ZSTD',
  'EMPTYASNULL',
  'BLANKSASNULL',
  'DATEFORMAT',
  'TIMEFORMAT',
  'MAXERROR',
  'REGION',
  'IGNOREBLANKLINES',
]);

/** @throws StatementError with Redshift's wording when the command or one of its options is not accepted. */
export function parseCopy(sql: string): CopyCommand {
  const reader = new Reader(significant(tokenize(sql)).filter((token) => token.key !== ';'));
  reader.expect('COPY');
  const names = reader.qualifiedName();
  const columns = reader.peek()?.key === '(' ? reader.nameList() : undefined;
  reader.expect('FROM');
  const url = reader.literal('FROM');
  const options = readOptions(reader);
  const format = options.get('FORMAT')?.toLowerCase();
  options.delete('FORMAT');
  checkOptions(format, options);
  if (!options.has('IAM_ROLE') && !options.has('CREDENTIALS')) {
    throw new StatementError('The COPY command needs authorization: give IAM_ROLE or CREDENTIALS.');
  }
  return {
    table: names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.'),
    name: names.at(-1) ?? '',
    columns,
    from: parseUrl(url),
    manifest: options.has('MANIFEST'),
    format: format === 'parquet' ? 'parquet' : 'csv',
    options,
  };
}

/** @throws StatementError when `url` is not `s3://bucket/key`. */
export function parseUrl(url: string): { bucket: string; key: string; url: string } {
  const match = /^s3:\/\/([^/]+)\/(.+)$/.exec(url);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new StatementError(
      `COPY reads only from Amazon S3 in this local Redshift: "${url}" is not s3://bucket/key.`,
    );
  }
  return { bucket: match[1], key: match[2], url };
}

function readOptions(reader: Reader): Map<string, string> {
  const options = new Map<string, string>();
  const set = (name: string, value: string): void => {
    if (options.has(name)) throw new StatementError(`conflicting or redundant options: ${name}`);
    options.set(name, value);
  };
  for (let token = reader.take(); token !== undefined; token = reader.take()) {
    const name = token.key;
    if (name === 'FORMAT') {
      reader.skip('AS');
      set('FORMAT', reader.take()?.key ?? '');
    } else if (FORMATS.has(name)) set('FORMAT', name);
    else if (FLAGS.has(name)) set(name, '');
    else if (WITH_VALUE.has(name)) {
      reader.skip('AS');
      set(name, reader.value(name));
    } else if (WITH_OPTIONAL_VALUE.has(name)) {
      reader.skip('AS');
      set(name, reader.optionalValue());
    } else throw new StatementError(`syntax error at or near "${token.text}"`);
  }
  return options;
}

function checkOptions(format: string | undefined, options: ReadonlyMap<string, string>): void {
  if (format === 'parquet') {
    for (const name of options.keys()) {
      if (!PARQUET_OPTIONS.has(name))
        throw new StatementError(`${name} argument is not supported for PARQUET based COPY`);
    }
    return;
  }
  if (format !== 'csv') {
    throw new StatementError(
      `COPY ${format === undefined ? 'of delimited text' : `FORMAT ${format.toUpperCase()}`} is not supported by this local Redshift: use PARQUET or CSV.`,
    );
  }
  for (const name of options.keys()) {
    if (!CSV_OPTIONS.has(name))
      throw new StatementError(`COPY option ${name} is not supported for CSV by this local Redshift.`);
  }
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  take(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  skip(key: string): void {
    if (this.peek()?.key === key) this.#at++;
  }

  expect(key: string): void {
    const token = this.take();
    if (token?.key !== key)
      throw new StatementError(`syntax error at or near "${token?.text ?? 'end of input'}"`);
  }

  /** Redshift folds names to lower case, quoted ones too. */
  name(): string {
    const token = this.take();
    if (token?.kind === 'word') return token.text.toLowerCase();
    if (token?.kind === 'quoted') return token.text.slice(1, -1).replaceAll('""', '"').toLowerCase();
    throw new StatementError(`syntax error at or near "${token?.text ?? 'end of input'}"`);
  }

  qualifiedName(): string[] {
    const names = [this.name()];
    while (this.peek()?.key === '.') {
      this.#at++;
      names.push(this.name());
    }
    return names;
  }

  nameList(): string[] {
    this.expect('(');
    const names = [this.name()];
    while (this.peek()?.key === ',') {
      this.#at++;
      names.push(this.name());
    }
    this.expect(')');
    return names;
  }

  literal(of: string): string {
    const token = this.take();
    if (token?.kind !== 'string') throw new StatementError(`syntax error at or near "${token?.text ?? of}"`);
    return literalValue(token);
  }

  value(of: string): string {
    const token = this.peek();
    if (token?.kind === 'string') return this.literal(of);
    if (token?.kind === 'number' || (of === 'IAM_ROLE' && token?.key === 'DEFAULT')) {
      this.#at++;
      return token.text;
    }
    throw new StatementError(`syntax error at or near "${token?.text ?? of}"`);
  }

  optionalValue(): string {
    const token = this.peek();
    if (token?.kind === 'string') return this.literal('');
    if (token !== undefined && ['ON', 'OFF', 'TRUE', 'FALSE', 'PRESET'].includes(token.key)) {
      this.#at++;
      return token.key;
    }
    return '';
  }
}
