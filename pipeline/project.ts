import type { Connection } from './connection.ts';
import type { EndpointDefinition } from './endpoint.ts';
import type { InboundSource } from './inbound.ts';
import type { OutsideDataset } from './outside-dataset.ts';
import type { StageDefinition } from './stage.ts';

/** A checked configuration, complete in itself: exactly what one immutable config version stores. JSON only. */
export interface Project {
  readonly connections: Readonly<Record<string, Connection>>;
  readonly endpoints: readonly EndpointDefinition[];
  readonly datasets: readonly OutsideDataset[];
  /** Queues whose messages become data events; absent when there are none. */
  readonly inbound?: readonly InboundSource[];
  /** Limits for those who signal; absent when none is set. */
  readonly signals?: { readonly maxEventsPerSecond: number };
  /** How long the event log keeps what nothing is decided by; absent, for ever. */
  readonly retention?: { readonly eventSeconds: number };
  readonly stages: readonly StageDefinition[];
  readonly pipelines: readonly string[];
  /** How many routers take the events of a pipeline, 2 to 16; absent for pipelines with one, and when all have one. */
  readonly routers?: Readonly<Record<string, number>>;
}
