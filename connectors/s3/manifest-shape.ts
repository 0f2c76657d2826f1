import { PLAIN_KINDS, type Column, type ColumnType } from '../../pipeline/column.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import type { Manifest, ManifestEntry, StagedDeletes } from '../../pipeline/manifest.ts';
import { isStagedFormat, type Compression } from '../../pipeline/staged-format.ts';

type Members = Readonly<Record<string, unknown>>;

/** Checks parsed JSON. @throws StageFailure `data_error` that names the manifest and the first wrong member. */
export function checkManifest(value: unknown, uri: string): Manifest {
  const check = new ShapeCheck(uri);
  const top = check.members(value, 'the manifest');
  const about = check.members(top['reefline'], 'reefline');
  if (about['version'] !== 1) check.refuse('reefline.version');
  const format =
    about['format'] === 'parquet' || about['format'] === 'csv'
      ? about['format']
      : check.refuse('reefline.format');
  const compression = check.compression(about['compression'], format, 'reefline.compression');
  const entries = check.entries(top['entries'], 'entries');
  const rows = check.rows(entries, about['rows'], 'reefline.rows');
  return {
    entries,
    reefline: {
      version: 1,
      dataset: check.text(about['dataset'], 'reefline.dataset'),
      timelabel: check.text(about['timelabel'], 'reefline.timelabel'),
      revision: check.count(about['revision'], 'reefline.revision'),
      format,
      ...(compression === undefined ? {} : { compression }),
      columns: check.columns(about['columns'], 'reefline.columns'),
      rows,
      bytes: check.count(about['bytes'], 'reefline.bytes'),
      ...(about['deletes'] === undefined
        ? {}
        : { deletes: check.deletes(about['deletes'], 'reefline.deletes') }),
    },
  };
}

/** Reads members of one document; `at` is the path that a refusal names. */
class ShapeCheck {
  readonly #uri: string;

  constructor(uri: string) {
    this.#uri = uri;
  }

  refuse(at: string): never {
    throw new StageFailure(
      'data_error',
      `The manifest ${this.#uri} is malformed at ${at}. Run the extract of this label again.`,
      { facts: { uri: this.#uri, at } },
    );
  }

  members(value: unknown, at: string): Members {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : this.refuse(at);
  }

  list(value: unknown, at: string): readonly unknown[] {
    return Array.isArray(value) ? (value as readonly unknown[]) : this.refuse(at);
  }

  text(value: unknown, at: string): string {
    return typeof value === 'string' && value !== '' ? value : this.refuse(at);
  }

  compression(value: unknown, format: string, at: string): Compression | undefined {
    if (value === undefined) return undefined;
    const known = (['zstd', 'snappy', 'gzip'] as const).find((one) => one === value);
    return known !== undefined && isStagedFormat(format, known) ? known : this.refuse(at);
  }

  count(value: unknown, at: string): number {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : this.refuse(at);
  }

  entries(value: unknown, at: string): readonly ManifestEntry[] {
    return this.list(value, at).map((entry, index) => this.entry(entry, `${at}[${String(index)}]`));
  }

  columns(value: unknown, at: string): readonly Column[] {
    return this.list(value, at).map((column, index) => this.column(column, `${at}[${String(index)}]`));
  }

  /** A count of rows that must be the one of the entries. */
  rows(entries: readonly ManifestEntry[], value: unknown, at: string): number {
    const rows = this.count(value, at);
    return entries.reduce((sum, { meta }) => sum + meta.rows, 0) === rows ? rows : this.refuse(at);
  }

  deletes(value: unknown, at: string): StagedDeletes {
    const deletes = this.members(value, at);
    const uri = this.text(deletes['uri'], `${at}.uri`);
    if (!uri.startsWith('s3://')) this.refuse(`${at}.uri`);
    const columns = this.columns(deletes['columns'], `${at}.columns`);
    if (columns.length === 0) this.refuse(`${at}.columns`);
    const entries = this.entries(deletes['entries'], `${at}.entries`);
    return { uri, columns, entries, rows: this.rows(entries, deletes['rows'], `${at}.rows`) };
  }

  entry(value: unknown, at: string): ManifestEntry {
    const entry = this.members(value, at);
    const url = this.text(entry['url'], `${at}.url`);
    if (!url.startsWith('s3://')) this.refuse(`${at}.url`);
    if (entry['mandatory'] !== true) this.refuse(`${at}.mandatory`);
    const meta = this.members(entry['meta'], `${at}.meta`);
    const crc32 = meta['crc32'];
    if (crc32 !== undefined && !(typeof crc32 === 'string' && /^[0-9a-f]{8}$/.test(crc32)))
      this.refuse(`${at}.meta.crc32`);
    return {
      url,
      mandatory: true,
      meta: {
        content_length: this.count(meta['content_length'], `${at}.meta.content_length`),
        rows: this.count(meta['rows'], `${at}.meta.rows`),
        ...(typeof crc32 === 'string' ? { crc32 } : {}),
      },
    };
  }

  column(value: unknown, at: string): Column {
    const column = this.members(value, at);
    const nullable = column['nullable'];
    if (typeof nullable !== 'boolean') this.refuse(`${at}.nullable`);
    return {
      name: this.text(column['name'], `${at}.name`),
      type: this.type(column['type'], `${at}.type`),
      nullable,
    };
  }

  type(value: unknown, at: string): ColumnType {
    const type = this.members(value, at);
    const kind = this.text(type['kind'], `${at}.kind`);
    if (kind === 'timestamp') {
      return typeof type['zoned'] === 'boolean' ? { kind, zoned: type['zoned'] } : this.refuse(`${at}.zoned`);
    }
    if (kind === 'decimal') {
      const precision = this.count(type['precision'], `${at}.precision`);
      const scale = this.count(type['scale'], `${at}.scale`);
      if (precision < 1 || precision > 38 || scale > precision) this.refuse(at);
      return { kind, precision, scale };
    }
    const plain = PLAIN_KINDS.find((candidate) => candidate === kind);
    return plain === undefined ? this.refuse(`${at}.kind`) : { kind: plain };
  }
}
