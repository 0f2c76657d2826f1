import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { DatabaseError, DatabaseProtocol } from './database-protocols.ts';
import { currentWire, PASS, type Treatment, type Wire } from './wire.ts';

type Connect = (this: Socket, ...args: unknown[]) => Socket;
type Secure = (...args: unknown[]) => Socket;
type Write = (bytes: Uint8Array | string, ...more: unknown[]) => boolean;

const databases = new Map<string, DatabaseProtocol>();
const conversations = new WeakMap<Socket, Conversation>();

/** From now on, what attempts send to this address is a matter of their wires. */
export function wireDatabase(host: string, port: number, protocol: DatabaseProtocol): void {
  databases.set(`${host}:${String(port)}`, protocol);
}

/**
 * Puts the wire below the clients of databases: into their sockets, or, once a connection is encrypted, between the client and the
 * encryption, which stays the client's.
 */
export function interceptDatabases(): void {
  const { prototype } = net.Socket;
  const connect = prototype.connect as unknown as Connect;
  function connected(this: Socket, ...args: unknown[]): Socket {
    const wire = currentWire();
    const protocol = wire && databases.get(addressOf(args));
    // Connecting gives the socket its own methods back.
    connect.apply(this, args);
    if (wire !== undefined && protocol !== undefined)
      conversations.set(this, new Conversation(this, wire, protocol));
    return this;
  }
  Object.assign(prototype, { connect: connected });
  const secure = tls.connect as unknown as Secure;
  const secured: Secure = (...args) => {
    const socket = secure(...args);
    const below = (args[0] as { readonly socket?: Socket } | undefined)?.socket;
    if (below !== undefined) conversations.get(below)?.listenTo(socket);
    return socket;
  };
  Object.assign(tls, { connect: secured });
}

/** `(port, host)`, or Node's own form of any arguments, an array whose first member is an object. */
function addressOf(args: readonly unknown[]): string {
  const [first, second] = args;
  const { host, port } = (Array.isArray(first) ? first[0] : { port: first, host: second }) as {
    readonly host?: unknown;
    readonly port?: unknown;
  };
  return `${String(host)}:${String(port)}`;
}

/** One connection of an attempt. What the client writes before an answer comes is one step. */
class Conversation {
  readonly #wire: Wire;
  readonly #protocol: DatabaseProtocol;
  #treatment: Treatment = PASS;
  #first = true;
  #asking = false;

  constructor(socket: Socket, wire: Wire, protocol: DatabaseProtocol) {
    this.#wire = wire;
    this.#protocol = protocol;
    wire.hold(socket);
    this.listenTo(socket);
  }

  listenTo(stream: Socket): void {
    const write = stream.write.bind(stream) as Write;
    const emit = stream.emit.bind(stream);
    const written: Write = (bytes, ...more) => {
      this.#ask(stream, Buffer.from(bytes as Uint8Array));
      const { kind } = this.#treatment;
      if (kind === 'pass' || kind === 'lost') return write(bytes, ...more);
      const told = more.find((each) => typeof each === 'function');
      if (told !== undefined) setImmediate(told as () => void);
      return true;
    };
    const emitted = (name: string | symbol, ...values: unknown[]): boolean => {
      if (name !== 'data') return emit(name, ...values);
      this.#asking = false;
      const { kind } = this.#treatment;
      if (kind === 'pass') return emit(name, ...values);
      if (kind === 'lost') stream.destroy(connectionReset());
      return true;
    };
    Object.assign(stream, { write: written, emit: emitted });
  }

  #ask(stream: Socket, message: Buffer): void {
    if (this.#asking || this.#treatment.kind !== 'pass') return;
    const name = this.#protocol.stepOf(message, this.#first);
    if (name === undefined) return;
    this.#first = false;
    this.#asking = true;
    this.#treatment = this.#wire.treat(this.#protocol.service, name);
    if (this.#treatment.kind === 'cut') setImmediate(() => stream.destroy(connectionReset()));
    if (this.#treatment.kind !== 'answered') return;
    const error = JSON.parse(this.#treatment.answer.body) as DatabaseError;
    // Its listeners have not been told that nothing else is to come.
    const answer = this.#protocol.refusal(error, message);
    setImmediate(() => {
      for (const listener of stream.listeners('data')) listener.call(stream, answer);
      setImmediate(() => stream.destroy());
    });
  }
}

function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104, syscall: 'read' });
}
