import type { Sender } from '../../pipeline/outgoing.ts';

/**
 * Stands in for the sender of an endpoint whose settings are wrong in this worker. Every message says so, and is tried again until
 * somebody has set them right.
 */
export function refusing(message: string): Sender {
  const error = { failureClass: 'invalid_config', message } as const;
  return {
    ordered: false,
    send: (messages) =>
      Promise.resolve(new Map(messages.map(({ id }) => [id, { id, messageId: null, error }]))),
  };
}
