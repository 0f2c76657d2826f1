import { readTracestate } from './tracestate.ts';

/*
 * The `traceparent` of W3C Trace Context: by which an event that somebody traces says where in his trace it stands, and by which
 * messages of ours say where in it they stand (docs/decisions/0024-traces.md).
 */

/** A span of somebody. */
export interface Traceparent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  /** False when whoever began the trace keeps nothing of it. */
  readonly sampled: boolean;
}

/** Of version 00 and, with more behind it, of later ones (W3C, "Trace Context", section 3.2.2 and 4.3). */
const FORMAT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Longest text that is looked at: those of version 00 have 55 characters. */
const LONGEST = 512;

/** Undefined for whatever is none: what is not well-formed is ignored, as the recommendation demands. */
export function parseTraceparent(value: unknown): Traceparent | undefined {
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const [, version, traceId, spanId, flags, more] = FORMAT.exec(value) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The text of version 00; of the flags only `sampled` is known. */
export function writeTraceparent({ traceId, spanId, sampled }: Traceparent): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** The same as it is kept and passed on, or undefined; see parseTraceparent. */
export function readTraceparent(value: unknown): string | undefined {
  const read = parseTraceparent(value);
  return read === undefined ? undefined : writeTraceparent(read);
}

/** Where something stands in the trace of somebody, and what comes along. */
export interface TraceContext {
  readonly traceparent?: string;
  /** Only beside a `traceparent`. */
  readonly tracestate?: string;
}

/** The same, of which nobody knows yet whether it is one. */
export interface GivenContext {
  readonly traceparent?: unknown;
  readonly tracestate?: unknown;
}

/** What an event keeps of it: nothing of what is none, because no event is refused for it. */
export function traceContext(given: GivenContext): TraceContext {
  const traceparent = readTraceparent(given.traceparent);
  // Without the one the other is not even looked at (W3C, "Trace Context", section 4.3).
  if (traceparent === undefined) return {};
  const tracestate = readTracestate(given.tracestate);
  return { traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
}
