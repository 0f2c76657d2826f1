/**
 * The classes of failure that a connector may report. Whether a failure is retried follows from its class,
 * never from the text of its message (docs/architecture.md, "Failures").
 */
export const FAILURE_CLASSES = [
  'throttled',
  'unavailable',
  'timeout',
  'rejected',
  'not_found',
  'unauthorized',
  'conflict',
  'invalid_config',
  'data_error',
] as const;

export type FailureClass = (typeof FAILURE_CLASSES)[number];

const RETRYABLE: ReadonlySet<FailureClass> = new Set(['throttled', 'unavailable', 'timeout', 'conflict']);

/** True when trying again, without any change by a person, can succeed. */
export function isRetryable(failureClass: FailureClass): boolean {
  return RETRYABLE.has(failureClass);
}

/**
 * What every connector throws. The message is written for the person on call: it names the object (table, file,
 * column, queue) and, where there is one, the cure. It never contains a secret.
 */
export class StageFailure extends Error {
  override readonly name = 'StageFailure';
  readonly failureClass: FailureClass;
  /** Structured facts for the FAILURE event: file, line, column, statement id … JSON values only. */
  readonly facts: Readonly<Record<string, string | number | null>>;

  constructor(
    failureClass: FailureClass,
    message: string,
    options: { cause?: unknown; facts?: Record<string, string | number | null> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.failureClass = failureClass;
    this.facts = options.facts ?? {};
  }
}
