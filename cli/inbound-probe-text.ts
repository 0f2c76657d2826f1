import type { ProbedQueue, ProbedSource } from '../workers/probe-inbound.ts';
import { refusalLines } from './probe-text.ts';

/** Seconds that handing a batch over may take, and then some; below that others are given what is in hand. */
const SHORTEST_VISIBILITY = 60;
/** So that an outage, in which a worker may die again and again, does not set good messages aside. */
const FEWEST_RECEIVES = 5;

/** What the queues of a source answered, in plain sentences, and the policy statements to add when they refused. */
export function inboundProbeText(probed: ProbedSource): string {
  const as = probed.roleArn === null ? '' : `, as ${probed.roleArn}`;
  const blocks = probed.queues.map((queue) => linesOf(queue, as).join('\n'));
  return probed.answers ? [...blocks, UNTRIED].join('\n') : blocks.join('\n\n');
}

/** There is no way to ask for a message without taking it from somebody. */
const UNTRIED =
  'No message was received, sent or deleted, so that a right to do that may still lack: "reefline inbound list" shows it when workers run.';

function linesOf({ field, queue, facts, error }: ProbedQueue, as: string): readonly string[] {
  const named =
    queue === null
      ? field
      : `${field}, the queue ${queue.name} of account ${queue.account} in ${queue.region ?? ''},`;
  if (error !== null) return [`${named} does not answer${as}.`, ...refusalLines(error)];
  if (facts === null) return [];
  const { waiting, held, visibilitySeconds: visibility, maxReceives } = facts;
  const answer = `${named} answers${as}. Messages waiting: ${String(waiting)}, held: ${String(held)}.`;
  if (field === 'deadLetterQueueUrl') return [answer];
  return [
    answer,
    ...(visibility < SHORTEST_VISIBILITY
      ? [
          `Its visibility timeout is ${String(visibility)} s; make it ${String(SHORTEST_VISIBILITY)} s or more, or a slow batch is delivered twice.`,
        ]
      : []),
    ...(maxReceives !== null && maxReceives < FEWEST_RECEIVES
      ? [
          `It sets a message aside after ${String(maxReceives)} receives; make maxReceiveCount ${String(FEWEST_RECEIVES)} or more, or good messages go aside when workers die.`,
        ]
      : []),
  ];
}
