import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StageOutput, StageTools } from '../../activities/stages/runner.ts';
import { transformStage } from '../../activities/stages/transform.ts';
import type { TransformWork } from '../../pipeline/stage.ts';
import type { TestAthena } from './athena.ts';
import { fromEnvironment } from './local-cloud.ts';
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

/** Runs an attempt that dies when it has shown its rows and is about to remove its staging table; answers its last heartbeat. */
export async function dieBeforeRemoval(
  athena: TestAthena,
  attempt: (tools: StageTools) => Promise<unknown>,
): Promise<unknown> {
  const real = fromEnvironment('AWS_ENDPOINT_URL_GLUE');
  const killed = new AbortController();
  const tools = toolsOf(athena, { signal: killed.signal });
  const glue = createServer((request, response) => {
    if (request.headers['x-amz-target']?.includes('DeleteTable') === true) {
      killed.abort();
      request.destroy();
      return;
    }
    void (async () => {
      const body = Buffer.concat(await request.toArray());
      const { host: _, connection: __, ...headers } = request.headers;
      const answer = await fetch(real, { method: 'POST', body, headers: headers as Record<string, string> });
      response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    })();
  });
  await new Promise<void>((resolve) => glue.listen(0, '127.0.0.1', resolve));
  process.env['AWS_ENDPOINT_URL_GLUE'] = `http://127.0.0.1:${String((glue.address() as AddressInfo).port)}`;
  try {
    await attempt(tools).then(
      () => Promise.reject(new Error('It did not die.')),
      () => undefined,
    );
  } finally {
    process.env['AWS_ENDPOINT_URL_GLUE'] = real;
    glue.close();
  }
  if (!killed.signal.aborted) throw new Error('It died before it removed anything.');
  return tools.heartbeats.at(-1);
}
