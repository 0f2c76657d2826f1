/** Where a worker serves its metrics. Port 0 takes a free one. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads REEFLINE_METRICS_ADDRESS; undefined when it is not set. Throws a sentence when it is no address. */
export function metricsAddress(environment: NodeJS.ProcessEnv): MetricsAddress | undefined {
  const text = environment['REEFLINE_METRICS_ADDRESS'] ?? '';
  if (text === '') return undefined;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:/\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535)
    throw new Error(
      `REEFLINE_METRICS_ADDRESS is "${text}", which is no host:port. Write for example 0.0.0.0:9464, or 127.0.0.1:9464 for this machine only.`,
    );
  return { host, port };
}
