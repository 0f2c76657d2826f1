import { RE2JS } from 're2js';
import type { OwedEvent } from '../catalog/event-log.ts';
import type { ReeflineEvent } from '../pipeline/data-event.ts';
import { subscriptionOf, type EndpointDefinition } from '../pipeline/endpoint.ts';
import { compileFilter, type FilterTest } from '../pipeline/event-filter.ts';
import type { RoutingTable } from '../pipeline/routing.ts';

/** Compiled once for each config version: a table is kept as long as it is in force. */
const compiled = new WeakMap<RoutingTable, readonly CompiledEndpoint[]>();

interface CompiledEndpoint {
  readonly name: string;
  readonly test: FilterTest;
}

/** Adds to each event the endpoints of the configuration whose filters let it pass. `now`: milliseconds since 1970. */
export function withEndpoints(
  table: RoutingTable,
  events: readonly ReeflineEvent[],
  now: number,
): readonly OwedEvent[] {
  const endpoints = compiled.get(table) ?? table.project.endpoints.map(compileEndpoint);
  compiled.set(table, endpoints);
  return events.map((event) => ({
    event,
    endpoints: endpoints.filter(({ test }) => test(event, now) === undefined).map(({ name }) => name),
  }));
}

/**
 * True when an endpoint may keep the order of each dataset. The address of a queue may be a reference that only a sender resolves, so every
 * queue counts as one that does.
 */
export function mayKeepOrder({ project }: RoutingTable): boolean {
  return project.endpoints.some(({ kind }) => kind === 'sqs');
}

/**
 * What an endpoint is sent: what its filter lets pass, and nothing about its own health, which would make a failing endpoint
 * fail with more messages. Its expressions were compiled before, when the configuration was checked.
 */
export function endpointTest(endpoint: EndpointDefinition): FilterTest {
  const test = compileFilter(subscriptionOf(endpoint), compileExpression);
  return (event, now) =>
    event.event_type === 'endpoint' && event.endpoint === endpoint.name ? 'itself' : test(event, now);
}

function compileEndpoint(endpoint: EndpointDefinition): CompiledEndpoint {
  return { name: endpoint.name, test: endpointTest(endpoint) };
}

/** RE2 has no back-references and takes time linear in the name (Cox, "Regular Expression Matching in the Wild"). */
function compileExpression(expression: string): (name: string) => boolean {
  const pattern = RE2JS.compile(expression);
  return (name) => pattern.matches(name);
}
