import { setTimeout as pause } from 'node:timers/promises';
import { type Client, WorkflowFailedError } from '@temporalio/client';
import type pg from 'pg';
import { readRun, type RunDetail } from '../catalog/run-views.ts';
import type { StageRunResult } from '../workflows/stage-run.ts';
import { describeError } from './describe-error.ts';

/** Milliseconds between two looks into the ledger. */
const PAUSE = 1_000;

/** How a run ended, or why it did not run. */
export type RunEnd =
  | { readonly ok: true; readonly result: StageRunResult; readonly run: RunDetail | null }
  | { readonly ok: false; readonly message: string; readonly run: RunDetail | null };

/** Waits for the end of a run that was asked for. `tell` hears of each step that the ledger shows meanwhile. */
export async function awaitRun(
  client: Client,
  db: pg.Pool,
  asked: { readonly workflowId: string; readonly stage: string; readonly timelabel: string },
  tell: (line: string) => void,
): Promise<RunEnd> {
  const ended = new AbortController();
  const ending = endOf(client, asked.workflowId).finally(() => ended.abort());
  // It is awaited below; until then nobody listens.
  ending.catch(() => undefined);
  const newest = async (): Promise<RunDetail | null> =>
    (await readRun(db, asked.stage, asked.timelabel)).at(-1) ?? null;
  let told = '';
  while (!ended.signal.aborted) {
    const step = stepText(await newest());
    if (step !== '' && step !== told) tell(step);
    told = step;
    await Promise.race([ending.catch(() => undefined), pause(PAUSE, undefined, { ref: false })]);
  }
  return { ...(await ending), run: await newest() };
}

async function endOf(
  client: Client,
  workflowId: string,
): Promise<{ ok: true; result: StageRunResult } | { ok: false; message: string }> {
  try {
    const result = (await client.workflow.getHandle(workflowId).result()) as StageRunResult;
    // A label that is kept back has not run, which is not what was asked for.
    if (result.status === 'paused' || result.status === 'held') return { ok: false, message: result.detail };
    return { ok: true, result };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return { ok: false, message: describeError(error.cause ?? error) };
  }
}

function stepText(run: RunDetail | null): string {
  if (run?.status === 'RUNNING') return `Revision ${run.revision} runs.`;
  if (run?.status !== 'WAITING') return '';
  const [first, ...more] = run.missing.map(({ dataset, timelabel }) => `${dataset} ${timelabel}`);
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return `Revision ${run.revision} waits${first === undefined ? '' : ` for ${first}${others}`}.`;
}
