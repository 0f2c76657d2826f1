import { startReceiver } from './receiver.ts';

/** A span as it arrives by OTLP in JSON (opentelemetry-proto, trace.proto). */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent or empty for a root. */
  readonly parentSpanId?: string;
  readonly name: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

interface Export {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly ReceivedSpan[] }[];
  }[];
}

/** A collector of OpenTelemetry that keeps what it is sent. */
export interface TraceReceiver {
  /** The variables of a worker that sends its traces here soon. */
  readonly environment: Readonly<Record<string, string>>;
  /** All that came, as it came. */
  text(): string;
  spans(): readonly ReceivedSpan[];
  close(): Promise<void>;
}

export async function startTraceReceiver(): Promise<TraceReceiver> {
  const receiver = await startReceiver();
  const bodies = (): string[] =>
    receiver.requests.flatMap(({ path, body }) => (path === '/v1/traces' ? [body] : []));
  receiver.answer = (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  return {
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    },
    text: () => bodies().join('\n'),
    spans: () =>
      bodies()
        .flatMap((body) => (JSON.parse(body) as Export).resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    close: () => receiver.close(),
  };
}
