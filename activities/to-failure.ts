import { ApplicationFailure } from '@temporalio/common';
import { MAX_ERROR_TEXT } from '../pipeline/data-event.ts';
import { isRetryable, StageFailure } from '../pipeline/failure.ts';
import { storableText } from '../pipeline/storable.ts';

/**
 * The one place where an error becomes a Temporal failure: its type is the class, its first detail the facts, and
 * whether it is retried follows from the class alone. An error that no connector classified is a defect of ours; it
 * is retried, because most such are passing faults of the network, and named `unexpected`. From here texts go into
 * histories, logs, events and the catalog, so `redact` takes the secrets out of each of them.
 */
export function toFailure(error: unknown, redact: (text: string) => string): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof StageFailure) {
    const facts = Object.entries(error.facts).map(([name, fact]) => [
      name,
      typeof fact === 'string' ? redact(fact) : fact,
    ]);
    return ApplicationFailure.create({
      type: error.failureClass,
      message: storableText(redact(error.message), MAX_ERROR_TEXT),
      nonRetryable: !isRetryable(error.failureClass),
      details: [Object.fromEntries(facts)],
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.create({
    type: 'unexpected',
    message: storableText(redact(message), MAX_ERROR_TEXT),
    ...(error instanceof Error ? { cause: redactedCause(error, redact) } : {}),
  });
}

/** The stack of an error begins with its message, and its own cause may say more than it does itself. */
function redactedCause({ name, message, stack, cause }: Error, redact: (text: string) => string): Error {
  const copy = new Error(
    redact(message),
    cause instanceof Error ? { cause: redactedCause(cause, redact) } : {},
  );
  copy.name = name;
  copy.stack = redact(stack ?? '');
  return copy;
}
