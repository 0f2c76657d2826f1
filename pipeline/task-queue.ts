import { parseDataset } from './dataset.ts';
import { connectionQueue } from './ids.ts';
import type { StageDefinition } from './stage.ts';

/**
 * The task queue of a stage's heavy activity: the one of the connection whose capacity it uses up. An extract and a
 * publish burden the system that they read from; the rest burden the system that they write to.
 */
export function stageQueue(stage: StageDefinition): string {
  const reads = stage.work.kind === 'extract' || stage.work.kind === 'publish';
  const dataset = reads && 'from' in stage.work ? stage.work.from : stage.output;
  return connectionQueue(parseDataset(dataset)?.connection ?? 'unknown');
}
