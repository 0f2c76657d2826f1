import type { DeliveryDetail } from '../catalog/dead-letters.ts';

/** What can be done about a delivery, as a sentence; the command is null when it is done elsewhere. */
export interface DeliveryRemedy {
  readonly what: string;
  readonly command: string | null;
}

/** What mends a failure of each class at a receiver; the classes are those of docs/architecture.md, "Failures". */
const CAUSES: Readonly<Record<string, string>> = {
  throttled: 'The receiver turns too many messages away: raise its limit, or wait',
  unavailable: 'The receiver does not answer: it has to come back',
  timeout: 'The receiver takes too long to answer: it has to answer sooner',
  conflict: 'Somebody else holds what the receiver needs: wait until it is free',
  rejected: 'The receiver refuses this very message: its owner has to accept what the error names',
  not_found: 'Create what is missing at the receiver, or correct its address in reefline.yaml and apply it',
  unauthorized: 'Permit what the error names to the role of the workers',
  invalid_config: 'Correct the endpoint in reefline.yaml, or the environment of the workers',
  data_error: 'The receiver cannot read this message: its owner has to accept what the error names',
};

/** What can be done about a delivery, the first step first; nothing for one that arrived. */
export function deliveryRemedies(delivery: DeliveryDetail): readonly DeliveryRemedy[] {
  const { endpoint, eventId, status, errorClass, paused } = delivery;
  const cause = errorClass === null ? undefined : CAUSES[errorClass];
  const mend = cause === undefined ? [] : [{ what: cause, command: null }];
  switch (status) {
    case 'delivered':
    case 'discarded':
      return [];
    case 'owed':
      return paused
        ? [
            {
              what: 'The endpoint is paused, and nothing is sent. To send what it is owed',
              command: `reefline endpoint resume ${endpoint}`,
            },
          ]
        : mend;
    case 'dead':
      return [
        ...mend,
        {
          what: 'To send it again, when its cause is mended',
          command: `reefline deliveries redrive ${endpoint} ${eventId}`,
        },
        { what: 'To give it up for good', command: `reefline deliveries discard ${endpoint} ${eventId}` },
      ];
  }
}
