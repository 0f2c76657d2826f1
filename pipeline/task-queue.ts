import { parseDataset } from './dataset.ts';
import { connectionQueue } from './ids.ts';
import type { StageDefinition } from './stage.ts';

/**
 * The task queue of a stage's heavy activity: the one of the connection whose capacity it uses up. An extract, a
 * publish and a check burden the system that they read from; the rest burden the system that they write to.
 */
export function stageQueue(stage: StageDefinition): string {
  const { work } = stage;
  const reads = work.kind === 'extract' || work.kind === 'publish' || work.kind === 'check';
  const dataset = reads ? work.from : stage.output;
  return connectionQueue(parseDataset(dataset)?.connection ?? 'unknown');
}
