import type { Happening } from '../pipeline/happening.ts';

/** Where activities tell what they did, once it is done. Returns at once and never throws; what a killed activity had not told stays untold. */
export interface Tracer {
  record(happening: Happening): void;
}

/** Of a worker that nobody asks for traces. */
export const NO_TRACER: Tracer = { record: () => undefined };
