/** How staged files are compressed: a Parquet file page by page, a CSV file as a whole. */
export type Compression = 'zstd' | 'snappy' | 'gzip';

/** What a staged file is. */
export interface StagedFormat {
  readonly format: 'parquet' | 'csv';
  readonly compression: Compression;
}

/** The kinds of staged files by the name that a stage gives them; the first is what a stage stages that names none. */
const BY_NAME = {
  parquet: { format: 'parquet', compression: 'zstd' },
  'parquet.snappy': { format: 'parquet', compression: 'snappy' },
  'csv.zst': { format: 'csv', compression: 'zstd' },
  'csv.gz': { format: 'csv', compression: 'gzip' },
} as const satisfies Readonly<Record<string, StagedFormat>>;

export type FormatName = keyof typeof BY_NAME;

export const FORMAT_NAMES = [
  'parquet',
  'parquet.snappy',
  'csv.zst',
  'csv.gz',
] as const satisfies readonly FormatName[];

export function formatNamed(name: FormatName): StagedFormat {
  return BY_NAME[name];
}

/** Whether an extract can have written files of this kind. */
export function isStagedFormat(format: string, compression: string): boolean {
  return Object.values(BY_NAME).some((one) => one.format === format && one.compression === compression);
}

const CSV_ENDINGS: Readonly<Record<Compression, string>> = {
  zstd: 'csv.zst',
  gzip: 'csv.gz',
  snappy: 'csv.snappy',
};

/** The ending of a file's name, without its dot. Readers of Parquet find its compression inside. */
export function fileEnding({ format, compression }: StagedFormat): string {
  return format === 'parquet' ? 'parquet' : CSV_ENDINGS[compression];
}

/**
 * How a CSV file is compressed: as its manifest says, or else as the ending of its name does; undefined when it is not.
 * Snappy is no compression of CSV.
 */
export function csvCompression(named: Compression | undefined, url: string): 'zstd' | 'gzip' | undefined {
  if (named === 'zstd' || url.endsWith('.zst')) return 'zstd';
  return named === 'gzip' || url.endsWith('.gz') ? 'gzip' : undefined;
}
