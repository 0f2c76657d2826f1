import type { Project } from '../pipeline/project.ts';
import { withDailies } from './daily-project.ts';

/** Datasets of the wide burst, each with hourly labels and one daily dependent that needs all of them. */
export const WIDE = 1_000;
/** Pipelines among which the dependents are divided, so that several routers share the events. */
export const WIDE_PIPELINES = 4;

export function wideDataset(at: number): string {
  return `wide_${String(at).padStart(4, '0')}`;
}

/** The pipeline of the dependent, by the number of the dataset. */
export function widePipeline(at: number): string {
  return `wide_${String(at % WIDE_PIPELINES)}`;
}

/** The project of the bench with a thousand datasets more. */
export function wideProject(): Project {
  return withDailies(
    'wide',
    Array.from({ length: WIDE }, (_, at) => ({ name: wideDataset(at), pipeline: widePipeline(at) })),
  );
}
