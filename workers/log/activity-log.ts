import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { callFacts, resultLines, tracedBy, workflowFacts, type Call, type Traced } from './facts.ts';
import type { Facts, JsonLog } from './json-log.ts';

/** The id of the trace that something is in; undefined when there is none or nobody knows it. */
export type TraceIdOf = (traced: Traced) => Promise<string | undefined>;

/**
 * Writes a line about each activity that did something, and gives the SDK's own lines about those that failed the names of what they
 * worked on.
 */
export function logActivities(log: JsonLog, traceIdOf: TraceIdOf = NO_TRACES): ActivityInterceptorsFactory {
  return ({ info }) => {
    const { activityType: name, attempt, workflowExecution } = info;
    let call: Call = { name, args: [] };
    let traceId: string | undefined;
    const facts = (): Facts => ({
      ...workflowFacts(workflowExecution?.workflowId ?? ''),
      ...callFacts(call),
      ...(traceId === undefined ? {} : { traceId }),
    });
    return {
      inbound: {
        execute: async (input, next) => {
          call = { name, args: input.args };
          // Looked up beside the work, which takes longer; a line that is written before does without.
          void traceIdOf(tracedBy(call)).then((found) => (traceId = found));
          const since = performance.now();
          const result = await next(input);
          try {
            const lines = resultLines(call, result);
            const milliseconds = Math.round(performance.now() - since);
            const where = {
              activity: name,
              attempt,
              workflowId: workflowExecution?.workflowId,
              milliseconds,
            };
            for (const said of lines)
              log.write(said.level, said.message, { ...facts(), ...said.facts, ...where });
          } catch {
            // What has been done is done: no line about it may fail it.
            log.write('WARN', 'what this activity did cannot be written', { activity: name });
          }
          return result;
        },
      },
      outbound: { getLogAttributes: (input, next) => ({ ...next(input), ...facts() }) },
    };
  };
}

const NO_TRACES: TraceIdOf = () => Promise.resolve(undefined);
