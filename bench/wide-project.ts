import type { Project } from '../pipeline/project.ts';
import { benchProject } from './project.ts';

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
  const base = benchProject([]);
  const names = Array.from({ length: WIDE }, (_, at) => ({
    name: wideDataset(at),
    pipeline: widePipeline(at),
  }));
  return {
    ...base,
    datasets: [
      ...base.datasets,
      ...names.map(({ name }) => ({
        dataset: `warehouse.wide.${name}`,
        period: '1h' as const,
        type: 'redshift' as const,
      })),
    ],
    stages: [
      ...base.stages,
      ...names.map(({ name, pipeline }) => ({
        ...{
          id: `${pipeline}.${name}`,
          pipeline,
          name,
          output: `warehouse.daily.${name}`,
          period: '1d' as const,
        },
        inputs: [
          {
            dataset: `warehouse.wide.${name}`,
            period: '1h' as const,
            window: 'all' as const,
            on: ['SUCCESS' as const],
          },
        ],
        work: {
          kind: 'transform' as const,
          sql: 'select 1',
          file: 'sql/none.sql',
          mode: 'append' as const,
          key: [],
        },
        ...{ timeoutSeconds: 60, maxAttempts: 2 },
      })),
    ],
    pipelines: [...base.pipelines, ...Array.from({ length: WIDE_PIPELINES }, (_, at) => widePipeline(at))],
  };
}
