import type { Connection } from '../pipeline/connection.ts';
import { secretReferences } from '../config/secret-reference.ts';
import { StageFailure } from '../pipeline/failure.ts';
import type { Project } from '../pipeline/project.ts';

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

/** The fields with every reference in them resolved, for use inside this process only. */
export function resolveFields<Fields extends object>(fields: Fields, environment: NodeJS.ProcessEnv): Fields {
  const resolved = Object.entries(fields).map(([field, value]: [string, unknown]) => [
    field,
    typeof value === 'string' ? resolveText(value, environment) : value,
  ]);
  return Object.fromEntries(resolved) as Fields;
}

/**
 * The connection with every reference resolved. Where a Snowflake account answers is told by
 * SNOWFLAKE_ACCESS_URL when it is not its own address, as AWS_ENDPOINT_URL_… tell of AWS.
 */
export function resolveConnection(connection: Connection, environment: NodeJS.ProcessEnv): Connection {
  const resolved = resolveFields(connection, environment);
  const accessUrl = environment['SNOWFLAKE_ACCESS_URL'] ?? '';
  return connection.kind === 'snowflake' && accessUrl !== ''
    ? ({ ...resolved, accessUrl } as Connection)
    : resolved;
}

/** One sentence that names every variable the project refers to and this process lacks; undefined when all are set. */
export function missingSecrets(project: Project, environment: NodeJS.ProcessEnv): string | undefined {
  const missing = secretReferences(project).filter(({ name }) => (environment[name] ?? '') === '');
  if (missing.length === 0) return undefined;
  const named = missing.map(({ name, usedBy }) => `${name} (${usedBy.join(', ')})`);
  return `Not set in this worker's environment: ${named.join('; ')}. Stages that need them fail until it is started again with them.`;
}
