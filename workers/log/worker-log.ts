import {
  DefaultLogger,
  makeTelemetryFilterString,
  type ActivityInterceptorsFactory,
  type Logger,
  type LogExporterConfig,
} from '@temporalio/worker';
import type { Project } from '../../pipeline/project.ts';
import { redactOwn, redactProject } from '../redaction.ts';
import type { Say } from '../until-reachable.ts';
import { logActivities, type TraceIdOf } from './activity-log.ts';
import { JsonLog } from './json-log.ts';

/** How a worker process says what it does. */
export interface WorkerLog {
  readonly say: Say;
  /** For what ends the process. */
  readonly complain: Say;
  /** For what the SDK says: its warnings and errors. */
  readonly logger: Logger;
  readonly logging: LogExporterConfig;
  readonly activityInterceptors: ActivityInterceptorsFactory[];
  /** From now on the secrets of this configuration are kept out of every line, too. */
  follow(project: Project): void;
  /** A text as the log would write it: without secrets. */
  redact(text: string): string;
  /** From now on lines in JSON about an activity name the trace that it is in. */
  nameTraces(traceIdOf: TraceIdOf): void;
}

type Format = Omit<WorkerLog, 'follow' | 'redact' | 'nameTraces'>;

/** The log that REEFLINE_LOG asks for: `json` is one object a line, about each activity too; `text` are lines for people. */
export function openLog(environment: NodeJS.ProcessEnv, write: (line: string) => void): WorkerLog {
  let followed: Project | undefined;
  const redact = (line: string): string =>
    followed === undefined ? redactOwn(line, environment) : redactProject(line, followed, environment);
  const follow = (project: Project): void => {
    followed = project;
  };
  let traceIdOf: TraceIdOf | undefined;
  const nameTraces = (of: TraceIdOf): void => {
    traceIdOf = of;
  };
  const common = { follow, redact, nameTraces };
  const format = environment['REEFLINE_LOG'] ?? '';
  if (format === 'json') {
    const log = jsonLog(
      (line) => write(`${redact(line)}\n`),
      async (traced) => traceIdOf?.(traced),
    );
    return { ...log, ...common };
  }
  const log = textLog((line) => write(`reefline worker: ${redact(line)}\n`));
  if (format !== '' && format !== 'text')
    log.say(`REEFLINE_LOG is "${format}", which is neither json nor text; this is text.`);
  return { ...log, ...common };
}

/**
 * What the native part of the SDK says. It warns of each local activity that ends after it was given up, which under load are thousands
 * a minute, and each of which went on as a regular one (workflows/short-activities.ts).
 */
const FILTER = `${makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' })},temporalio_sdk_core::worker::activities::local_activities=ERROR`;

function textLog(say: Say): Format {
  return {
    say,
    complain: say,
    logger: new DefaultLogger('WARN'),
    logging: { filter: FILTER },
    activityInterceptors: [],
  };
}

function jsonLog(write: Say, traceIdOf: TraceIdOf): Format {
  const log = new JsonLog(write);
  return {
    say: (line) => log.write('INFO', line),
    complain: (line) => log.write('ERROR', line),
    logger: log.sdkLogger(),
    // Otherwise the native part of the SDK writes lines of its own.
    logging: { filter: FILTER, forward: {} },
    activityInterceptors: [logActivities(log, traceIdOf)],
  };
}
