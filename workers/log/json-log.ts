import { ApplicationFailure, type LogLevel } from '@temporalio/common';
import { DefaultLogger, type Logger } from '@temporalio/worker';
import { workflowFacts } from './facts.ts';

/** Facts beside the message; what is undefined is left out. */
export type Facts = Readonly<Record<string, unknown>>;

/** Attributes of the SDK that help nobody who reads a log, or repeat others. */
const LEFT_OUT: ReadonlySet<string> = new Set(['taskToken', 'namespace', 'isLocal', 'sdkComponent', 'error']);

/** Writes one JSON object a line: `time`, `level`, `message`, then the facts. */
export class JsonLog {
  readonly #out: (line: string) => void;

  constructor(out: (line: string) => void) {
    this.#out = out;
  }

  write(level: LogLevel, message: string, facts: Facts = {}, at: Date = new Date()): void {
    this.#out(JSON.stringify({ time: at.toISOString(), level: level.toLowerCase(), message, ...facts }));
  }

  /** The logger of the SDK: warnings and errors, among them each attempt that failed. */
  sdkLogger(): Logger {
    return new DefaultLogger('WARN', ({ level, message, meta = {}, timestampNanos }) => {
      const { workflowId, error } = meta;
      const said = Object.entries(meta).filter(([name]) => !LEFT_OUT.has(name));
      const facts = {
        ...(typeof workflowId === 'string' ? workflowFacts(workflowId) : {}),
        ...Object.fromEntries(said),
        ...(error === undefined ? {} : { error: errorFacts(error) }),
      };
      this.write(level, message, facts, new Date(Number(timestampNanos / 1_000_000n)));
    });
  }
}

/** Failures that were classified say all in class and message; of the others the place in the code helps. */
function errorFacts(error: unknown): Facts {
  if (error instanceof ApplicationFailure)
    return { class: error.type ?? 'unexpected', message: error.message };
  if (error instanceof Error) return { class: error.name, message: error.message, stack: error.stack };
  return { class: 'unexpected', message: String(error) };
}
