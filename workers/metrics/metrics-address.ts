import { readAddress, type ListenAddress } from '../listen-address.ts';

/** Reads REEFLINE_METRICS_ADDRESS; undefined when it is not set. Throws a sentence when it is no address. */
export function metricsAddress(environment: NodeJS.ProcessEnv): ListenAddress | undefined {
  const text = environment['REEFLINE_METRICS_ADDRESS'] ?? '';
  if (text === '') return undefined;
  const address = readAddress(text);
  if (address === undefined)
    throw new Error(
      `REEFLINE_METRICS_ADDRESS is "${text}", which is no host:port. Write for example 0.0.0.0:9464, or 127.0.0.1:9464 for this machine only.`,
    );
  return address;
}
