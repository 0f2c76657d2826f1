import { ApplicationFailure } from '@temporalio/common';

/**
 * People start workflows by hand, so an input may be anything. One that lacks a field ends the workflow with a
 * sentence; a plain TypeError would be retried for ever.
 */
export function requireText(input: unknown, field: string, example: string): void {
  const value =
    typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[field] : undefined;
  if (typeof value === 'string' && value !== '') return;
  throw ApplicationFailure.nonRetryable(
    `The input needs the text "${field}". Give for example --input '${example}'`,
    'invalid_config',
  );
}
