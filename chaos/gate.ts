import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Passage, type GateState, type Trap } from './passage.ts';

/** A way to one server that can be disturbed. */
export interface Gate {
  /** `127.0.0.1:port` of the near side. */
  readonly address: string;
  /** Leads new connections to another server (`host:port`). */
  aim(target: string): void;
  /** Sets what happens from now on: `refusing`, `failing` and `throttling` also break the connections that are there. */
  set(state: GateState): void;
  /** True when a request came within `patience` milliseconds whose connection is held at that moment until it is broken. */
  trap(request: Omit<Trap, 'spring'>, patience: number): Promise<boolean>;
  /** Breaks the connections that are there, once. */
  cut(): void;
  close(): Promise<void>;
}

const UNAVAILABLE =
  'HTTP/1.1 503 Slow Down\r\ncontent-type: application/xml\r\ncontent-length: 100\r\nconnection: close\r\n\r\n' +
  '<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>'.padEnd(100);

const LIMITED = JSON.stringify([
  { errorCode: 'REQUEST_LIMIT_EXCEEDED', message: 'TotalRequests Limit exceeded.' },
]);
const THROTTLED =
  'HTTP/1.1 403 Forbidden\r\ncontent-type: application/json;charset=UTF-8\r\n' +
  `content-length: ${String(LIMITED.length)}\r\nconnection: close\r\n\r\n${LIMITED}`;

/**
 * Opens a gate to `target` (`host:port`). `refusing`: nobody gets in. `silent`: bytes stay where they are. `slow`: every piece
 * waits a moment. `failing`: every request is answered as by an overloaded HTTP service.
 * `throttling`: as by an org of Salesforce that has used up its requests. `truncating`: an answer breaks
 * off after its first bytes.
 */
export async function openGate(target: string): Promise<Gate> {
  let state: GateState = 'open';
  let aimed = target;
  let trap: Trap | undefined;
  const passages = new Set<Passage>();
  const breakAll = (): void => {
    for (const passage of passages) passage.break();
  };
  const server = createServer((near) => {
    near.on('error', () => undefined);
    if (state === 'refusing') return void near.resetAndDestroy();
    if (state === 'failing') return void near.once('data', () => near.end(UNAVAILABLE));
    if (state === 'throttling') return void near.once('data', () => near.end(THROTTLED));
    const [host = '', port = ''] = aimed.split(':');
    const passage = new Passage(near, connect(Number(port), host), {
      state: () => state,
      trap: () => trap,
      ended: () => void passages.delete(passage),
    });
    passages.add(passage);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    aim(next) {
      aimed = next;
    },
    set(next) {
      state = next;
      if (next === 'refusing' || next === 'failing' || next === 'throttling') breakAll();
      for (const passage of passages) passage.follow();
    },
    async trap(request, patience) {
      const impatient = new AbortController();
      const sprung = new Promise<boolean>((resolve) => {
        trap = { ...request, spring: () => resolve(true) };
      });
      const late = sleep(patience, false, { signal: impatient.signal }).catch(() => false);
      const caught = await Promise.race([sprung, late]);
      impatient.abort();
      trap = undefined;
      return caught;
    },
    cut: breakAll,
    async close() {
      state = 'refusing';
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
