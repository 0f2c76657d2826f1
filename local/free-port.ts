import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Above the ports that servers are known by, and below those that the system gives to whoever asks for any: to servers of
 * other programs, and to every connection that goes out, even to one that asks whether this very port answers yet.
 * They also fit a signed number of two bytes, in which Temporal keeps the ports of its members.
 */
const PORTS = [10_000, 32_768] as const;

/**
 * A TCP port of 127.0.0.1 that nobody listens on at this moment. Another process may take it before the caller
 * does, so whoever starts a server on it must be ready to try again with another one.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(...PORTS);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
