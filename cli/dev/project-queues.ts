import type { Project } from '../../pipeline/project.ts';
import type { QueueSettings } from '../../workers/queue-access.ts';

/** A queue that a project writes to or reads from. */
export interface ProjectQueue {
  /** `endpoints.customers` or `inbound.partner_files` */
  readonly of: string;
  /** What a queue is called that the project does not name itself. */
  readonly name: string;
  readonly queueUrl: string;
}

export function queuesOf({ endpoints, inbound = [] }: Project): readonly ProjectQueue[] {
  return [
    ...endpoints.flatMap((endpoint) => {
      if (endpoint.kind !== 'sqs') return [];
      const { name, queueUrl } = endpoint;
      return [{ of: `endpoints.${name}`, name, queueUrl }];
    }),
    ...inbound.flatMap(({ name, queueUrl, deadLetterQueueUrl: dead }) => [
      { of: `inbound.${name}`, name, queueUrl },
      ...(dead === undefined ? [] : [{ of: `inbound.${name}`, name: `${name}_dead`, queueUrl: dead }]),
    ]),
  ];
}

/** Whatever may name a role that is assumed for its queue. */
export function rolesOf({ endpoints, inbound = [] }: Project): readonly QueueSettings[] {
  return [...endpoints.filter((endpoint) => endpoint.kind === 'sqs'), ...inbound];
}
