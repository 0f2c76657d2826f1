import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A TCP port of 127.0.0.1 that nobody listens on at this moment. Another process may take it before the caller
 * does, so whoever starts a server on it must be ready to try again with another one.
 */
export async function freePort(): Promise<number> {
  const port = await whileListening(0);
  if (port === undefined) throw new Error('No port was given.');
  return port;
}

/** Below these are ports that servers are known by, above them those that systems give to clients. */
const LOW_PORTS = [10_000, 32_768] as const;

/** As `freePort`, a port that fits a signed number of two bytes. */
export async function freeLowPort(): Promise<number> {
  for (;;) {
    const port = await whileListening(randomInt(...LOW_PORTS));
    if (port !== undefined) return port;
  }
}

/** The port that can be listened on when this one, or any for 0, is asked for; undefined when it cannot be had. */
async function whileListening(wanted: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(address === null || typeof address === 'string' ? undefined : address.port);
      });
    });
  });
}
