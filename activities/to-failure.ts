import { ApplicationFailure } from '@temporalio/common';
import { MAX_ERROR_TEXT } from '../pipeline/data-event.ts';
import { isRetryable, StageFailure } from '../pipeline/failure.ts';
import { storableText } from '../pipeline/storable.ts';

/**
 * The one place where an error becomes a Temporal failure: its type is the class, its first detail the facts, and
 * whether it is retried follows from the class alone. An error that no connector classified is a defect of ours; it
 * is retried, because most such are passing faults of the network, and named `unexpected`.
 */
export function toFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (error instanceof StageFailure) {
    return ApplicationFailure.create({
      type: error.failureClass,
      message: storableText(error.message, MAX_ERROR_TEXT),
      nonRetryable: !isRetryable(error.failureClass),
      details: [error.facts],
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  return ApplicationFailure.create({
    type: 'unexpected',
    message: storableText(message, MAX_ERROR_TEXT),
    ...(error instanceof Error ? { cause: error } : {}),
  });
}
