import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { TelemetryOptions } from '@temporalio/worker';

/** The metrics of the Temporal SDK. It serves them itself, so it gets a port of the loopback, and we hand them on. */
export interface TemporalMetrics {
  readonly telemetryOptions: TelemetryOptions;
  /** The metrics in the text format of Prometheus; a comment when the SDK does not answer. */
  read(): Promise<string>;
}

/** Milliseconds; the SDK answers from memory. */
const PATIENCE = 2_000;

/** Prepares them; `Runtime.install` with these options opens the port. */
export async function temporalMetrics(): Promise<TemporalMetrics> {
  const bindAddress = `127.0.0.1:${String(await freePort())}`;
  return {
    telemetryOptions: {
      metrics: {
        prometheus: {
          bindAddress,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
        attachServiceName: false,
      },
    },
    read: async () => {
      try {
        const answer = await fetch(`http://${bindAddress}/metrics`, {
          signal: AbortSignal.timeout(PATIENCE),
        });
        return await answer.text();
      } catch (error) {
        return `# The Temporal SDK gave no metrics: ${error instanceof Error ? error.message : String(error)}\n`;
      }
    },
  };
}

/** The SDK does not say which port it was given, so it cannot be told to take any. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
