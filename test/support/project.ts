import type { Period } from '../../pipeline/period.ts';
import type { Project } from '../../pipeline/project.ts';
import type { StageDefinition, StageInput } from '../../pipeline/stage.ts';
import { defaultWindow } from '../../pipeline/window.ts';

export interface StageSketch {
  readonly name: string;
  readonly period: Period;
  /** Names of stages, or full ids of outside datasets, that it reads. */
  readonly reads?: readonly string[];
  readonly on?: StageInput['on'];
  readonly cron?: string;
  readonly maxAttempts?: number;
  /** `p` when absent. */
  readonly pipeline?: string;
  /** Inputs whose window or outcomes are not the usual ones, by what is read. */
  readonly inputs?: Readonly<Record<string, Partial<Pick<StageInput, 'window' | 'on' | 'gate'>>>>;
  /** Anything else that the definition says. */
  readonly also?: Partial<StageDefinition>;
}

export const OUTSIDE = 'warehouse.partners.fares';

/** A project of one pipeline `p`, whose stages write `warehouse.main.<name>` and read each other. */
export function projectOf(sketches: readonly StageSketch[], endpoints: Project['endpoints'] = []): Project {
  const periods = new Map<string, Period>(sketches.map(({ name, period }) => [name, period]));
  const stages = sketches.map((sketch): StageDefinition => {
    const inputs = (sketch.reads ?? []).map((read): StageInput => {
      const period = periods.get(read) ?? '1d';
      const window = sketch.inputs?.[read]?.window ?? defaultWindow(sketch.period, period);
      if (window === undefined) throw new Error(`${sketch.name} cannot read ${read}.`);
      return {
        dataset: periods.has(read) ? `warehouse.main.${read}` : read,
        period,
        window,
        on: sketch.on ?? ['SUCCESS'],
        ...sketch.inputs?.[read],
      };
    });
    const pipeline = sketch.pipeline ?? 'p';
    return {
      id: `${pipeline}.${sketch.name}`,
      pipeline,
      name: sketch.name,
      output: `warehouse.main.${sketch.name}`,
      period: sketch.period,
      ...(sketch.cron === undefined ? {} : { schedule: { cron: sketch.cron } }),
      inputs,
      work: { kind: 'transform', sql: 'select 1', file: 'sql/test.sql', mode: 'append', key: [] },
      timeoutSeconds: 60,
      maxAttempts: sketch.maxAttempts ?? 2,
      ...sketch.also,
    };
  });
  return {
    connections: { warehouse: { kind: 'redshift', database: 'dev', workgroup: 'test', concurrency: 20 } },
    endpoints,
    datasets: [{ dataset: OUTSIDE, period: '1d', type: 'redshift' }],
    stages,
    pipelines: [
      'p',
      ...new Set(
        sketches.flatMap(({ pipeline }) => (pipeline === undefined || pipeline === 'p' ? [] : [pipeline])),
      ),
    ],
  };
}
