import { inboundRouter } from './ids.ts';
import { sourceRate } from './inbound-limits.ts';
import { EVENTS_PER_SECOND } from './pace.ts';
import type { Project } from './project.ts';

/** Events a second that a router of this name takes at most. That of an inbound source takes what the source may bring. */
export function routerRate({ inbound = [], signals }: Project, router: string): number {
  const source = inbound.find(({ name }) => inboundRouter(name) === router);
  return source === undefined ? (signals?.maxEventsPerSecond ?? EVENTS_PER_SECOND) : sourceRate(source);
}
