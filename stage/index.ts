/*
 * What the module of a custom stage imports as `reefline/stage`. See docs/custom-stages.md.
 */
export type {
  CustomOutput as StageOutput,
  CustomRun as StageRun,
  CustomStage as Stage,
} from '../activities/stages/custom-stage.ts';
export type { RunInput, StageTools } from '../activities/stages/runner.ts';
export type { Column, ColumnType } from '../pipeline/column.ts';
export type { Connection } from '../pipeline/connection.ts';
export { parseDataset, type DatasetName } from '../pipeline/dataset.ts';
export { StageFailure, type FailureClass } from '../pipeline/failure.ts';
export type { Json } from '../pipeline/json.ts';
export type { Manifest, ManifestEntry } from '../pipeline/manifest.ts';
export { createS3Client } from '../connectors/s3/client.ts';
export { readManifest, writeManifest } from '../connectors/s3/manifest.ts';
