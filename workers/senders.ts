import { createQueueSender } from '../connectors/sqs/sender.ts';
import { createSlack } from '../connectors/webhook/slack.ts';
import { createWebhook } from '../connectors/webhook/send.ts';
import { FORMAT_TYPES, type EndpointDefinition } from '../pipeline/endpoint.ts';
import type { Sender } from '../pipeline/outgoing.ts';
import { openQueue, queueAccess } from './queue-access.ts';
import { resolveFields } from './secrets.ts';

/** One sender per endpoint, made at first use and again when its definition has changed. */
export function endpointSenders(environment: NodeJS.ProcessEnv): (endpoint: EndpointDefinition) => Sender {
  const known = new Map<string, { readonly definition: string; readonly sender: Sender }>();
  return (endpoint) => {
    const definition = JSON.stringify(endpoint);
    const found = known.get(endpoint.name);
    if (found?.definition === definition) return found.sender;
    const sender = createSender(resolveFields(endpoint, environment));
    known.set(endpoint.name, { definition, sender });
    return sender;
  };
}

/** `endpoint`: its references resolved. */
export function createSender(endpoint: EndpointDefinition): Sender {
  switch (endpoint.kind) {
    case 'sqs':
      return createQueueSender(openQueue(queueAccess(endpoint)));
    case 'webhook':
      return createWebhook({ ...endpoint, contentType: FORMAT_TYPES[endpoint.format ?? 'data-event'] });
    case 'slack':
      return createSlack(endpoint);
  }
}
