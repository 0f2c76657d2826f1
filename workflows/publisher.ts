import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { wake } from '../signals/index.ts';
import type { Activities } from './activity-types.ts';
import { requireText } from './require-text.ts';

export interface PublisherInput {
  readonly endpoint: string;
}

const { forwardEvents } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '60s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '60s' },
});

const HISTORY_EVENTS = 1_000;

/** Forwards what one endpoint is owed, as soon as it is woken and again when a failed delivery is due. */
export async function publisher(input: PublisherInput): Promise<void> {
  requireText(input, 'endpoint', '{"endpoint":"customers"}');
  let woken = true;
  setHandler(wake, () => {
    woken = true;
  });
  for (;;) {
    if (workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > HISTORY_EVENTS) {
      // Nothing needs carrying: what is owed is in the catalog, and the next execution begins by looking.
      await continueAsNew<typeof publisher>(input);
    }
    woken = false;
    const { delivered, failed, lastError, nextDueSeconds } = await forwardEvents(input.endpoint);
    setCurrentDetails(
      lastError === null
        ? `Last call delivered ${String(delivered)}.`
        : `Last call delivered ${String(delivered)}, failed ${String(failed)}: ${lastError}`,
    );
    if (nextDueSeconds === null) await condition(() => woken);
    else if (nextDueSeconds > 0)
      await condition(() => woken && failed === 0, Math.ceil(nextDueSeconds * 1000));
  }
}
