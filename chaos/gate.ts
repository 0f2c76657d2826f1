import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What happens at a gate to those who pass it. */
export type GateState = 'open' | 'refusing' | 'silent' | 'failing' | 'truncating';

/** A way to one server that can be disturbed. */
export interface Gate {
  /** `127.0.0.1:port` of the near side. */
  readonly address: string;
  /** Sets what happens from now on: `refusing` and `failing` also break the connections that are there. */
  set(state: GateState): void;
  /** Breaks the connections that are there, once. */
  cut(): void;
  close(): Promise<void>;
}

const UNAVAILABLE =
  'HTTP/1.1 503 Slow Down\r\ncontent-type: application/xml\r\ncontent-length: 100\r\nconnection: close\r\n\r\n' +
  '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'.padEnd(100);

/** Bytes of an answer that pass while a gate truncates. */
const TRUNCATED = 120;

/**
 * Opens a gate to `target` (`host:port`). `refusing`: nobody gets in. `silent`: bytes stay where they are. `failing`: every
 * request is answered as by an overloaded HTTP service. `truncating`: an answer breaks off after its first bytes.
 */
export async function openGate(target: string): Promise<Gate> {
  const [host = '', port = ''] = target.split(':');
  let state: GateState = 'open';
  const pairs = new Set<readonly [Socket, Socket]>();
  const breakAll = (): void => {
    for (const [near, far] of pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  };
  const server = createServer((near) => {
    near.on('error', () => undefined);
    if (state === 'refusing') return void near.resetAndDestroy();
    if (state === 'failing') return void near.once('data', () => near.end(UNAVAILABLE));
    const far = connect(Number(port), host);
    far.on('error', () => near.destroy());
    const pair = [near, far] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.once('close', end);
    far.once('close', end);
    let answered = 0;
    near.on('data', (bytes) => void far.write(bytes));
    far.on('data', (bytes) => {
      answered += bytes.length;
      if (state === 'truncating' && answered > TRUNCATED) near.end(bytes.subarray(0, TRUNCATED), end);
      else near.write(bytes);
    });
    if (state === 'silent') pause(pair);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    set(next) {
      state = next;
      if (next === 'refusing' || next === 'failing') breakAll();
      for (const pair of pairs)
        if (next === 'silent') pause(pair);
        else resume(pair);
    },
    cut: breakAll,
    async close() {
      state = 'refusing';
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pause(pair: readonly [Socket, Socket]): void {
  for (const socket of pair) socket.pause();
}

function resume(pair: readonly [Socket, Socket]): void {
  for (const socket of pair) socket.resume();
}
