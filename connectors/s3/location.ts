import type { DatasetName } from '../../pipeline/dataset.ts';
import { StageFailure } from '../../pipeline/failure.ts';

/** One revision of a label in a stage store; its files and manifest lie under one folder. */
export interface StagedRevision {
  readonly bucket: string;
  readonly prefix?: string | undefined;
  readonly dataset: DatasetName;
  readonly timelabel: string;
  readonly revision: number;
}

/** An object in S3. */
export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

/** `s3://<bucket>/<prefix>/<schema>/<table>/<timelabel>/r<revision>/manifest.json`: published last, by any attempt. */
export function manifestUri(staged: StagedRevision): string {
  return `${revisionUri(staged)}/manifest.json`;
}

/** `…/r<revision>/a<attempt>/part-00000.<ending>`: attempts never share a file, so a late one harms nobody. */
export function partUri(staged: StagedRevision, attempt: number, index: number, ending: string): string {
  return `${revisionUri(staged)}/a${String(attempt)}/part-${String(index).padStart(5, '0')}.${ending}`;
}

/** `…/r<revision>/a<attempt>/deleted-00000.parquet`, and `deleted.json`, which lists them for COPY. */
export function deletedUri(staged: StagedRevision, attempt: number, name: string): string {
  return `${revisionUri(staged)}/a${String(attempt)}/${name}`;
}

/** Key below which an extract keeps the keys that it saw, of all labels: with its last slash. */
export function keysFolder(staged: Pick<StagedRevision, 'prefix' | 'dataset'>): string {
  return `${datasetFolder(staged)}_keys/`;
}

/** `…/_keys/<timelabel>/r<revision>/a<attempt>/<name>` */
export function keysUri(staged: StagedRevision, attempt: number, name: string): string {
  const { bucket, timelabel, revision } = staged;
  return `s3://${bucket}/${keysFolder(staged)}${timelabel}/r${String(revision)}/a${String(attempt)}/${name}`;
}

/** Reads an `s3://bucket/key` URI. @throws StageFailure `data_error` when the text is none. */
export function parseS3Uri(uri: string): S3Location {
  const match = /^s3:\/\/([^/]+)\/(.+)$/su.exec(uri);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new StageFailure('data_error', `"${uri}" is no S3 address: expected s3://<bucket>/<key>.`);
  }
  return { bucket: match[1], key: match[2] };
}

/** Key below which all labels of the dataset lie, with its last slash. */
export function datasetFolder({ prefix = '', dataset }: Pick<StagedRevision, 'prefix' | 'dataset'>): string {
  const folder = prefix.replace(/^\/+|\/+$/gu, '');
  return `${folder === '' ? '' : `${folder}/`}${dataset.schema}/${dataset.table}/`;
}

function revisionUri(staged: StagedRevision): string {
  const { bucket, timelabel, revision } = staged;
  return `s3://${bucket}/${datasetFolder(staged)}${timelabel}/r${String(revision)}`;
}
