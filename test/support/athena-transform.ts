import type { StageOutput, StageTools } from '../../activities/stages/runner.ts';
import { transformStage } from '../../activities/stages/transform.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import type { TestAthena } from './athena.ts';
import { runOf, toolsOf } from './warehouse.ts';

export const L8 = '20010105080000';
export const L9 = '20010105090000';

export interface TransformOptions {
  readonly timelabel?: string;
  readonly revision?: number;
  readonly attempt?: number;
  readonly mode?: TransformWork['mode'];
  readonly tools?: StageTools;
  readonly workgroup?: string;
}

/** Runs a transform into a table of the suite, for 8 o'clock and in mode append when nothing else is said. */
export function transformInTest(
  athena: TestAthena,
  table: string,
  sql: string,
  options: TransformOptions = {},
): Promise<StageOutput> {
  const { timelabel = L8, mode = 'append', workgroup, tools, ...rest } = options;
  const work: TransformWork = { kind: 'transform', sql, file: 'sql/test.sql', mode, key: [] };
  const run = runOf({ work, output: `athena.${athena.marts}.${table}`, timelabel, ...rest });
  const named = workgroup === undefined ? athena.connection : { ...athena.connection, workgroup };
  return transformStage(run, tools ?? toolsOf({ connections: { athena: named } }));
}

/** The id of the query that an attempt ran or attached to. */
export function queryOf({ heartbeats }: { readonly heartbeats: readonly unknown[] }): string | undefined {
  return heartbeats.map((details) => (details as { id?: string } | null)?.id).find((id) => id !== undefined);
}

/** Tools of an attempt that dies when it sends its n-th heartbeat. */
export function dyingAt(athena: TestAthena, beat: number): StageTools & { readonly heartbeats: unknown[] } {
  const tools = toolsOf(athena);
  const heartbeat = (details: unknown): void => {
    tools.heartbeat(details);
    if (tools.heartbeats.length >= beat) throw new Error('killed');
  };
  return { ...tools, heartbeat };
}
