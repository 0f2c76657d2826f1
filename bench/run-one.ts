import { setTimeout as pause } from 'node:timers/promises';
import { runId } from '../pipeline/ids.ts';
import { BARE_QUEUE } from './bare/queue.ts';
import { clock, type FirstLine } from './first-line.ts';
import { eventOf, labelOf, type Entry } from './project.ts';
import type { Stack } from './stack.ts';

/** Milliseconds from sending to the first line, and to the entry of the activity that the stage runs in. */
export interface Latency {
  readonly toStage: number;
  readonly toActivity: number;
}

/** Lets the work that follows a run end before the next one is measured. Milliseconds. */
const REST = 40;

/** Starts one bare workflow and waits for it. */
export async function bareOne(stack: Stack): Promise<Latency> {
  const key = `bare/${String(stack.fresh())}`;
  const sent = clock();
  const handle = await stack.client.workflow.start('bare', {
    workflowId: key,
    taskQueue: BARE_QUEUE,
    args: [key],
  });
  const line = await stack.bare.firstLine(key);
  await handle.result();
  await pause(REST);
  return since(sent, line);
}

/** Signals one event and waits for the run of `last`, the stage at the end of what the event starts. */
export async function routedOne(
  stack: Stack,
  pipeline: string,
  entry: Entry,
  last: string,
): Promise<Latency> {
  const nth = stack.fresh();
  const stage = `${pipeline}.${last}`;
  const sent = clock();
  await stack.signal(pipeline, eventOf(entry, nth));
  const line = await stack.routed.firstLine(`${stage}/${labelOf(nth)}`);
  await stack.client.workflow.getHandle(runId(stage, labelOf(nth))).result();
  await pause(REST);
  return since(sent, line);
}

function since(sent: number, line: FirstLine): Latency {
  return { toStage: line.began - sent, toActivity: line.entered - sent };
}
