import { createHash } from 'node:crypto';
import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Context,
  type SpanContext,
  type SpanOptions,
  type Span as OpenSpan,
  type Tracer as OpenTracer,
} from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, type IdGenerator, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { TracedEvent } from '../../pipeline/happening.ts';
import type { Span } from '../../pipeline/trace.ts';
import type { Place } from '../../pipeline/trace-place.ts';
import { parseTraceparent, writeTraceparent, type Traceparent } from '../../pipeline/traceparent.ts';

export interface SpanWriterOptions {
  /** Sets the traces of this installation apart from those of others: their events have the same ids. */
  readonly installation: string;
  readonly processor: SpanProcessor;
  readonly resource: Resource;
  /** Takes the secrets out of a text. */
  readonly redact: (text: string) => string;
}

const KINDS = {
  consumer: SpanKind.CONSUMER,
  producer: SpanKind.PRODUCER,
  internal: SpanKind.INTERNAL,
} as const;

/** Hands the ids that a span has to the SDK, which asks for them while it starts the span. */
class GivenIds implements IdGenerator {
  traceId = '';
  spanId = '';
  readonly generateTraceId = (): string => this.traceId;
  readonly generateSpanId = (): string => this.spanId;
}

/** Writes spans that have ended with the OpenTelemetry SDK, under ids that follow from their places. */
export class SpanWriter {
  readonly #installation: string;
  readonly #redact: (text: string) => string;
  readonly #ids = new GivenIds();
  readonly #provider: BasicTracerProvider;
  readonly #tracer: OpenTracer;

  /** The sampler is that of OTEL_TRACES_SAMPLER, which the SDK reads. */
  constructor({ installation, processor, resource, redact }: SpanWriterOptions) {
    this.#installation = installation;
    this.#redact = redact;
    this.#provider = new BasicTracerProvider({
      idGenerator: this.#ids,
      resource,
      spanProcessors: [processor],
    });
    this.#tracer = this.#provider.getTracer('reefline');
  }

  write(span: Span): void {
    const flags = this.#flagsOf(span);
    const place = this.#contextOf(span, flags);
    const { trace: event, parent } = span;
    const above =
      parent === null ? outside(event) : remote(this.#contextOf({ trace: event, span: parent }, flags));
    const options = {
      kind: KINDS[span.kind],
      startTime: span.from,
      attributes: {
        ...span.attributes,
        ...(span.failure === null ? {} : { 'error.type': span.failure.class }),
      },
      links: span.links.map((link) => ({ context: this.#contextOf(link, flags) })),
    };
    const open = this.#start(place, span.name, options, above);
    if (span.failure !== null)
      open.setStatus({ code: SpanStatusCode.ERROR, message: this.#redact(span.failure.message) });
    open.end(Math.max(span.from, span.to));
  }

  /** The trace of an event, as 32 hexadecimal digits. */
  traceOf({ eventId, traceparent }: TracedEvent): string {
    return parseTraceparent(traceparent)?.traceId ?? this.#digest('trace', eventId).slice(0, 32);
  }

  /** What a message below a span carries: of a span that is not kept, the one from outside, so that a trace has no gap in it. */
  traceparentOf(place: Place): string {
    const { traceId, spanId, traceFlags } = this.#contextOf(place, this.#flagsOf(place));
    const sampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    const { traceparent } = place.trace;
    if (!sampled && traceparent !== undefined) return traceparent;
    return writeTraceparent({ traceId, spanId, sampled });
  }

  close(): Promise<void> {
    return this.#provider.shutdown();
  }

  /** Whoever writes a span of a trace asks the sampler as if it were its root, so all of them get the same answer. */
  #flagsOf(place: Place): number {
    const root = this.#start(this.#contextOf(place, 0), 'root', {}, outside(place.trace));
    return root.spanContext().traceFlags;
  }

  #start({ traceId, spanId }: SpanContext, name: string, options: SpanOptions, above: Context): OpenSpan {
    Object.assign(this.#ids, { traceId, spanId });
    return this.#tracer.startSpan(name, options, above);
  }

  #contextOf(place: Place, traceFlags: number): SpanContext {
    const spanId = this.#digest('span', place.span).slice(0, 16);
    return { traceId: this.traceOf(place.trace), spanId, traceFlags, ...stateOf(place.trace) };
  }

  #digest(kind: 'trace' | 'span', name: string): string {
    return createHash('sha256')
      .update(JSON.stringify([this.#installation, kind, name]))
      .digest('hex');
  }
}

/** What is above the first span of ours: that of whoever traced the event before us, or nothing. */
function outside(event: TracedEvent): Context {
  const span = parseTraceparent(event.traceparent);
  return span === undefined ? ROOT_CONTEXT : remote({ ...span, traceFlags: flagOf(span), ...stateOf(event) });
}

/** What came beside the `traceparent`; spans below it carry it on. */
function stateOf({ tracestate }: TracedEvent): Pick<SpanContext, 'traceState'> {
  return tracestate === undefined ? {} : { traceState: createTraceState(tracestate) };
}

function flagOf({ sampled }: Traceparent): number {
  return sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
}

function remote({ traceId, spanId, traceFlags, traceState }: SpanContext): Context {
  const state = traceState === undefined ? {} : { traceState };
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, ...state, isRemote: true });
}
