/*
 * What services import as `reefline/client`: an emitter that sends data events to a router of Reefline through the
 * Temporal client that the service has anyway. See docs/emit.md.
 */
export { createEmitter, type EmitOptions, type Emitter, type EmitterOptions } from './emitter.ts';
export type { Emitted } from './send-signals.ts';
export { EmitFailure, type Fate } from './emit-failure.ts';
export type { EndReason } from './persist.ts';
export { InvalidEvents, type EventProblem } from './invalid-events.ts';
export { eventIdOf } from './event-id.ts';
export type { OutgoingDataEvent, OutgoingEvent, OutgoingMetadataEvent } from './outgoing-event.ts';
export type { EmitterClient } from './router-link.ts';
export { createPayloadCodec, UnreadablePayload, type PayloadKeys } from './payload-codec.ts';
export { eventTime } from '../pipeline/data-event.ts';
export { labelAt } from '../pipeline/timelabel.ts';
