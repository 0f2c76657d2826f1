import { createQueueSender } from '../connectors/sqs/sender.ts';
import { parseAllowedReceivers, type AllowedReceivers } from '../connectors/webhook/allowed-receivers.ts';
import { createSlack } from '../connectors/webhook/slack.ts';
import { createWebhook } from '../connectors/webhook/send.ts';
import { FORMAT_TYPES, type EndpointDefinition } from '../pipeline/endpoint.ts';
import { StageFailure } from '../pipeline/failure.ts';
import type { Sender } from '../pipeline/outgoing.ts';
import { openQueue, queueAccess } from './queue-access.ts';
import { resolveFields } from './secrets.ts';

/** One sender per endpoint, made at first use and again when its definition has changed. */
export function endpointSenders(environment: NodeJS.ProcessEnv): (endpoint: EndpointDefinition) => Sender {
  const allowed = allowedReceivers(environment);
  const known = new Map<string, { readonly definition: string; readonly sender: Sender }>();
  return (endpoint) => {
    const definition = JSON.stringify(endpoint);
    const found = known.get(endpoint.name);
    if (found?.definition === definition) return found.sender;
    const sender = createSender(resolveFields(endpoint, environment), allowed);
    known.set(endpoint.name, { definition, sender });
    return sender;
  };
}

/**
 * Reads REEFLINE_WEBHOOK_ALLOW. It is a matter of whoever runs the workers, not of whoever writes a configuration.
 * @throws StageFailure with a sentence when it cannot be read.
 */
export function allowedReceivers(environment: NodeJS.ProcessEnv): AllowedReceivers {
  try {
    return parseAllowedReceivers(environment['REEFLINE_WEBHOOK_ALLOW'] ?? '');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StageFailure('invalid_config', `REEFLINE_WEBHOOK_ALLOW cannot be read: ${why}`);
  }
}

/** `endpoint`: its references resolved. */
export function createSender(endpoint: EndpointDefinition, allowed: AllowedReceivers): Sender {
  switch (endpoint.kind) {
    case 'sqs':
      return createQueueSender(openQueue(queueAccess(endpoint)));
    case 'webhook':
      return createWebhook({
        ...endpoint,
        contentType: FORMAT_TYPES[endpoint.format ?? 'data-event'],
        allowed,
      });
    case 'slack':
      return createSlack({ ...endpoint, allowed });
  }
}
