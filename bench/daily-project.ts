import type { Project } from '../pipeline/project.ts';
import { benchProject } from './project.ts';

/** An hourly dataset, and the pipeline of the daily stage that reads it. */
export interface Daily {
  readonly name: string;
  readonly pipeline: string;
}

/** The project of the bench with outside datasets `warehouse.<schema>.<name>` more; each has one daily dependent that needs all 24 labels. */
export function withDailies(schema: string, dailies: readonly Daily[]): Project {
  const base = benchProject([]);
  return {
    ...base,
    datasets: [
      ...base.datasets,
      ...dailies.map(({ name }) => ({
        dataset: `warehouse.${schema}.${name}`,
        period: '1h' as const,
        type: 'redshift' as const,
      })),
    ],
    stages: [
      ...base.stages,
      ...dailies.map(({ name, pipeline }) => ({
        ...{ id: `${pipeline}.${name}`, pipeline, name },
        ...{ output: `warehouse.daily.${name}`, period: '1d' as const },
        inputs: [
          {
            dataset: `warehouse.${schema}.${name}`,
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
    pipelines: [...base.pipelines, ...new Set(dailies.map(({ pipeline }) => pipeline))],
  };
}
