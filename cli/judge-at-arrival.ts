import { endpointTest } from '../activities/owed-endpoints.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import type { LeftOutBy } from '../pipeline/event-filter.ts';
import type { Outcome } from '../pipeline/outcome.ts';

/** An event of the log, with the outcome and the moment of its arrival as the log has them. */
interface LoggedEvent {
  readonly body: ReeflineEvent;
  readonly outcome: string | null;
  readonly receivedAt: Date;
}

/**
 * What keeps an event of the log from an endpoint, or undefined when it passes. Events are judged as at the moment
 * when they arrived, which is when their age counted.
 */
export function judgeAtArrival(endpoint: EndpointDefinition): (event: LoggedEvent) => LeftOutBy | undefined {
  const test = endpointTest(endpoint);
  return (event) => test(withOutcome(event), event.receivedAt.getTime());
}

/** Events that were logged before there were outcomes have none in their bodies. */
function withOutcome({ body, outcome }: LoggedEvent): ReeflineEvent {
  return body.event_type !== 'data' ? body : { ...body, outcome: (outcome ?? body.status) as Outcome };
}
