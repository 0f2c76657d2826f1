import type { ClosedRun } from '../../activities/close-run.ts';
import { parseBackfillId, parseRunId, publisherId, routerId } from '../../pipeline/ids.ts';
import type { TracedEvent, TracedRun } from '../../pipeline/happening.ts';
import { pipelineOfRouter } from '../../pipeline/routers.ts';
import { readTraceparent } from '../../pipeline/traceparent.ts';
import type { Activities } from '../../workflows/activity-types.ts';
import type { Facts } from './json-log.ts';

/** What the id of a workflow says about what it works on. */
export function workflowFacts(workflowId: string): Facts {
  const run = parseRunId(workflowId);
  if (run !== undefined) return { pipeline: pipelineOf(run.stage), ...run };
  const backfill = parseBackfillId(workflowId);
  if (backfill !== undefined) return { backfill };
  const [router, publisher] = [routerId(''), publisherId('')];
  if (workflowId.startsWith(router)) return { pipeline: pipelineOfRouter(workflowId.slice(router.length)) };
  if (workflowId.startsWith(publisher)) return { endpoint: workflowId.slice(publisher.length) };
  return {};
}

type Name = keyof Activities;
/** One call of an activity, as it was asked for. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What the arguments of an activity say about what it works on, beside what its workflow says. */
export function callFacts({ name, args }: Call): Facts {
  const [first] = args;
  if (typeof first !== 'object' || first === null) return {};
  const { stage, timelabel, revision } = first as { stage?: string; timelabel?: string; revision?: number };
  if (name === 'acceptEvents' || typeof stage !== 'string') return {};
  return { pipeline: pipelineOf(stage), stage, timelabel, revision };
}

/** What a call works on, as far as that says in which trace it is. */
export interface Traced {
  /** The only message of a batch, when its sender named it or the trace that it is in. */
  readonly event?: TracedEvent;
  readonly run?: TracedRun;
}

export function tracedBy({ name, args }: Call): Traced {
  if (name === 'acceptEvents') {
    const { eventId, traceparent } = onlyMessage((args[1] ?? []) as readonly unknown[]);
    const context = readTraceparent(traceparent);
    if (context !== undefined) return { event: { eventId: '', traceparent: context } };
    return typeof eventId === 'string' ? { event: { eventId } } : {};
  }
  return name === 'runStage' || name === 'closeRun' ? { run: args[0] as TracedRun } : {};
}

/** What is worth a line when an activity has succeeded. */
export interface Said {
  readonly level: 'INFO' | 'WARN';
  readonly message: string;
  readonly facts: Facts;
}

/** The lines about an activity that has succeeded; none when nothing happened that anybody would look for. */
export function resultLines({ name, args }: Call, result: unknown): readonly Said[] {
  const of = <N extends Name>(
    _name: N,
  ): { args: Parameters<Activities[N]>; result: Awaited<ReturnType<Activities[N]>> } => ({
    args: args as Parameters<Activities[N]>,
    result: result as Awaited<ReturnType<Activities[N]>>,
  });
  switch (name as Name) {
    case 'acceptEvents': {
      const call = of('acceptEvents');
      const { accepted, rejected, actions } = call.result;
      const received = call.args[1].length;
      const facts = { received, accepted, rejected, started: actions.length, ...onlyEvent(call.args[1]) };
      return rejected > 0
        ? [{ level: 'WARN', message: 'messages rejected: see "reefline events rejected"', facts }]
        : [{ level: 'INFO', message: 'events accepted', facts }];
    }
    case 'openRun':
    case 'passDeadline': {
      const step = of('openRun').result;
      const facts = 'revision' in step ? { step: step.kind, revision: step.revision } : { step: step.kind };
      return [{ level: 'INFO', message: name === 'openRun' ? 'run looked at' : 'deadline passed', facts }];
    }
    case 'runStage': {
      const { ended, output, closed } = of('runStage').result;
      if (ended) return [];
      const facts = { rows: output?.rows, bytes: output?.bytes };
      const done: Said = { level: 'INFO', message: 'stage done', facts };
      return closed === undefined ? [done] : [done, closedLine(closed)];
    }
    case 'closeRun':
      return [closedLine(of('closeRun').result)];
    case 'forwardEvents': {
      const { delivered, failed, lastError } = of('forwardEvents').result;
      if (delivered + failed === 0) return [];
      const facts = { delivered, failed, lastError: lastError ?? undefined };
      return [{ level: failed > 0 ? 'WARN' : 'INFO', message: 'events forwarded', facts }];
    }
    case 'sweepKind':
    case 'resolveTick':
    case 'planBackfill':
    case 'advanceBackfill':
    case 'controlBackfill':
    case 'resolveSync':
    case 'findSyncLabels':
      return [];
  }
}

function closedLine({ status, eventId }: ClosedRun): Said {
  return { level: status === 'FAILURE' ? 'WARN' : 'INFO', message: 'run closed', facts: { status, eventId } };
}

/** The event of a batch of one, when its sender named it. */
function onlyEvent(messages: readonly unknown[]): Facts {
  const { eventId, dataset, timelabel, revision } = onlyMessage(messages);
  const texts = Object.entries({ eventId, dataset, timelabel }).filter(
    ([, value]) => typeof value === 'string',
  );
  return { ...Object.fromEntries(texts), ...(typeof revision === 'number' ? { revision } : {}) };
}

function onlyMessage(messages: readonly unknown[]): Readonly<Record<string, unknown>> {
  const [message] = messages;
  if (messages.length !== 1 || typeof message !== 'object' || message === null) return {};
  return message as Readonly<Record<string, unknown>>;
}

function pipelineOf(stage: string): string {
  return stage.split('.')[0] ?? stage;
}
