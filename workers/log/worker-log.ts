import {
  DefaultLogger,
  type ActivityInterceptorsFactory,
  type Logger,
  type LogExporterConfig,
} from '@temporalio/worker';
import type { Project } from '../../pipeline/project.ts';
import { redactOwn, redactProject } from '../redaction.ts';
import type { Say } from '../until-reachable.ts';
import { logActivities } from './activity-log.ts';
import { JsonLog } from './json-log.ts';

/** How a worker process says what it does. */
export interface WorkerLog {
  readonly say: Say;
  /** For what ends the process. */
  readonly complain: Say;
  /** For what the SDK says: its warnings and errors. */
  readonly logger: Logger;
  readonly logging: LogExporterConfig | undefined;
  readonly activityInterceptors: ActivityInterceptorsFactory[];
  /** From now on the secrets of this configuration are kept out of every line, too. */
  follow(project: Project): void;
}

/** The log that REEFLINE_LOG asks for: `json` is one object a line, about each activity too; `text` are lines for people. */
export function openLog(environment: NodeJS.ProcessEnv, write: (line: string) => void): WorkerLog {
  let followed: Project | undefined;
  const redact = (line: string): string =>
    followed === undefined ? redactOwn(line, environment) : redactProject(line, followed, environment);
  const follow = (project: Project): void => {
    followed = project;
  };
  const format = environment['REEFLINE_LOG'] ?? '';
  if (format === 'json') return { ...jsonLog((line) => write(`${redact(line)}\n`)), follow };
  const log = textLog((line) => write(`reefline worker: ${redact(line)}\n`));
  if (format !== '' && format !== 'text')
    log.say(`REEFLINE_LOG is "${format}", which is neither json nor text; this is text.`);
  return { ...log, follow };
}

function textLog(say: Say): Omit<WorkerLog, 'follow'> {
  return {
    say,
    complain: say,
    logger: new DefaultLogger('WARN'),
    logging: undefined,
    activityInterceptors: [],
  };
}

function jsonLog(write: Say): Omit<WorkerLog, 'follow'> {
  const log = new JsonLog(write);
  return {
    say: (line) => log.write('INFO', line),
    complain: (line) => log.write('ERROR', line),
    logger: log.sdkLogger(),
    // Otherwise the native part of the SDK writes lines of its own.
    logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
    activityInterceptors: [logActivities(log)],
  };
}
