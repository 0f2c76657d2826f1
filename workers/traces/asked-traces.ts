/** What the standard variables of OpenTelemetry ask for. */
export interface AskedTraces {
  readonly protocol: 'http/protobuf' | 'http/json';
  /** Host and port of the collector, for people. */
  readonly collector: string;
}

/**
 * Reads the variables of the OpenTelemetry specification ("OpenTelemetry Protocol Exporter"). Undefined when nobody asks for traces;
 * a sentence when what is asked for cannot be done, because a worker does its work without them all the same.
 */
export function askedTraces(environment: NodeJS.ProcessEnv): AskedTraces | string | undefined {
  if (/^true$/i.test(environment['OTEL_SDK_DISABLED'] ?? '')) return undefined;
  if (environment['OTEL_TRACES_EXPORTER'] === 'none') return undefined;
  const own = environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] ?? '';
  const endpoint = own === '' ? (environment['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '') : own;
  if (endpoint === '') return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return `There are no traces: ${own === '' ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'} is no http:// or https:// URL. Write for example http://collector:4318.`;
  const protocol =
    environment['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? environment['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? '';
  if (protocol !== '' && protocol !== 'http/protobuf' && protocol !== 'http/json')
    return `There are no traces: OTEL_EXPORTER_OTLP_PROTOCOL is "${protocol}", and a worker speaks http/protobuf and http/json. Set one of them, and the collector's port for HTTP, which is usually 4318.`;
  return { protocol: protocol === '' ? 'http/protobuf' : protocol, collector: url.host };
}
