import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import type { Project } from '../pipeline/project.ts';
import type { StageDefinition } from '../pipeline/stage.ts';

/** Datasets of the burst; each has one dependent. */
export const BURST_DATASETS = 20;

/** Where the fixed pipelines of the bench begin: the outside dataset whose events start their first stage. */
export type Entry = 'single' | 'many' | 'chain' | `burst_${string}`;

/** Stages of the chain, in order. */
export const CHAIN = ['first', 'second', 'third', 'fourth'] as const;

export function burstEntry(index: number): Entry {
  return `burst_${String(index).padStart(2, '0')}`;
}

/** Outside datasets with one hourly dependent each, in one pipeline per figure, and a chain of four stages. */
export function benchProject(endpoints: readonly EndpointDefinition[]): Project {
  const bursts = Array.from({ length: BURST_DATASETS }, (_, index) => burstEntry(index));
  const entries: Entry[] = ['single', 'many', 'chain', ...bursts];
  return {
    connections: { warehouse: { kind: 'redshift', database: 'bench', workgroup: 'bench', concurrency: 100 } },
    endpoints,
    datasets: entries.map((entry) => ({ dataset: outside(entry), period: '1h', type: 'redshift' })),
    stages: [
      stage('single', 'single', outside('single')),
      stage('many', 'many', outside('many')),
      ...bursts.map((entry) => stage('burst', entry, outside(entry))),
      ...CHAIN.map((name, index) =>
        stage('chain', name, index === 0 ? outside('chain') : `warehouse.chain.${CHAIN[index - 1] ?? ''}`),
      ),
    ],
    pipelines: ['single', 'many', 'burst', 'chain'],
  };
}

/** The six fields that an outside service sends, for the n-th hour of an entry. */
export function eventOf(entry: Entry, nth: number): Record<string, string> {
  return {
    event_type: 'data',
    type: 'redshift',
    schema: 'outside',
    table: entry,
    timelabel: labelOf(nth),
    status: 'SUCCESS',
  };
}

/** The label of the n-th hour since the beginning of 2001. */
export function labelOf(nth: number): string {
  const digits = new Date(Date.UTC(2001, 0, 1, nth)).toISOString().replaceAll(/\D/g, '');
  return `${digits.slice(0, 10)}0000`;
}

function outside(entry: Entry): string {
  return `warehouse.outside.${entry}`;
}

function stage(pipeline: string, name: string, reads: string): StageDefinition {
  return {
    id: `${pipeline}.${name}`,
    pipeline,
    name,
    output: `warehouse.${pipeline}.${name}`,
    period: '1h',
    inputs: [{ dataset: reads, period: '1h', window: 'same', on: ['SUCCESS'] }],
    work: { kind: 'transform', sql: 'select 1', file: 'sql/none.sql', mode: 'append', key: [] },
    timeoutSeconds: 60,
    maxAttempts: 2,
  };
}
