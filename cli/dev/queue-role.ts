import { referencedName } from '../../config/secret-reference.ts';
import type { QueueSettings } from '../../workers/queue-access.ts';

/** Values for the variables with which an endpoint or a source names a role; the local STS lets everybody assume any. */
export function roleVariables({ name, roleArn, externalId }: QueueSettings): Record<string, string> {
  const written = [
    [roleArn, `arn:aws:iam::000000000000:role/${name}`],
    [externalId, `of_${name}`],
  ] as const;
  return Object.fromEntries(
    written.flatMap(([text = '', value]) => {
      const variable = referencedName(text);
      return variable === undefined ? [] : [[variable, value]];
    }),
  );
}
