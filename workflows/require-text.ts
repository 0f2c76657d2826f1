import { ApplicationFailure } from '@temporalio/common';
import type { Unopened } from './payload-converter.ts';

/**
 * People start workflows by hand, so an input may be anything. One that lacks a field ends the workflow with a
 * sentence; a plain TypeError would be retried for ever.
 */
export function requireText(input: unknown, field: string, example: string): void {
  requireOpened(input);
  const value =
    typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[field] : undefined;
  if (typeof value === 'string' && value !== '') return;
  throw ApplicationFailure.nonRetryable(
    `The input needs the text "${field}". Give for example --input '${example}'`,
    'invalid_config',
  );
}

/**
 * An input that this worker cannot decrypt says nothing against the workflow: the task fails, and is tried again until a worker
 * has the key.
 */
export function requireOpened(input: unknown): void {
  if (typeof input !== 'object' || input === null) return;
  const { $encrypted, $undecodable } = input as Partial<Unopened>;
  if (typeof $encrypted !== 'string' || typeof $undecodable !== 'string') return;
  throw new Error(`The input cannot be read: ${$undecodable}. Give the key to every worker.`);
}
