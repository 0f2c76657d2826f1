import type { Connection } from '../pipeline/connection.ts';
import { StageFailure } from '../pipeline/failure.ts';

const REFERENCE = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** Replaces `${env:NAME}` by the variable's value. A missing one is named; values never appear in an error. */
export function resolveText(text: string, environment: NodeJS.ProcessEnv): string {
  return text.replace(REFERENCE, (_reference, name: string) => {
    const value = environment[name];
    if (value === undefined || value === '') {
      throw new StageFailure(
        'invalid_config',
        `The environment variable ${name} is not set in this worker; the configuration refers to it.`,
      );
    }
    return value;
  });
}

/** The connection with every reference resolved, for use inside this process only. */
export function resolveConnection(connection: Connection, environment: NodeJS.ProcessEnv): Connection {
  const resolved = Object.entries(connection).map(([field, value]: [string, unknown]) => [
    field,
    typeof value === 'string' ? resolveText(value, environment) : value,
  ]);
  return Object.fromEntries(resolved) as Connection;
}
