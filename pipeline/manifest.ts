import type { Column } from './column.ts';
import type { Compression, StagedFormat } from './staged-format.ts';

/**
 * What an extract publishes last, and the only thing that a later stage reads to find its files. `entries` has the
 * shape of a Redshift COPY manifest (https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html),
 * so that the very same object is given to COPY; COPY ignores the other keys at the top level.
 */
export interface Manifest {
  readonly entries: readonly ManifestEntry[];
  readonly reefline: {
    readonly version: 1;
    readonly dataset: string;
    readonly timelabel: string;
    readonly revision: number;
    readonly format: StagedFormat['format'];
    /**
     * How all the files are compressed. Absent in manifests of earlier versions, whose Parquet files are zstd, and in
     * those of other writers, whose CSV files tell it by the ending of their names.
     */
    readonly compression?: Compression;
    readonly columns: readonly Column[];
    /** Rows in all files together. 0 with no entries is a complete, empty batch. */
    readonly rows: number;
    readonly bytes: number;
    /** Absent when the extract does not look for deleted rows, and in manifests that were written before it could. */
    readonly deletes?: StagedDeletes;
  };
}

/**
 * Keys that an earlier run found at the source and this one does not; their rows are not in the batch. A load that
 * merges on this key deletes the rows with these keys that came with its label, with an older one or with none, in
 * the transaction that writes the batch, and before it writes the batch. Rows of newer labels stay.
 */
export interface StagedDeletes {
  /** Of an object in the shape of a COPY manifest that lists the entries. */
  readonly uri: string;
  /** The columns that identify a row; every file has these columns in this order, and no others. */
  readonly columns: readonly Column[];
  /** Parquet files compressed by zstd, whatever the format of the rows is. */
  readonly entries: readonly ManifestEntry[];
  /** Keys in all files together, each once. */
  readonly rows: number;
}

export interface ManifestEntry {
  /** `s3://bucket/key` */
  readonly url: string;
  /** COPY fails when a mandatory file is absent, which is what "an object missing from a manifest" must do. */
  readonly mandatory: true;
  /** `content_length` in bytes is required by COPY for Parquet. */
  readonly meta: {
    readonly content_length: number;
    readonly rows: number;
    /** CRC-32 of all bytes of the file, eight hexadecimal digits; absent in manifests of earlier versions. */
    readonly crc32?: string;
  };
}

/** A staged batch: its manifest and where that lies. */
export interface StagedManifest {
  readonly uri: string;
  readonly manifest: Manifest;
}
