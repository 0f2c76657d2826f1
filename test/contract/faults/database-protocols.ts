import { currentWire } from './wire.ts';

/** What the contract knows of a database's own protocol: how its client begins what it asks, and how the server refuses. */
export interface DatabaseProtocol {
  /** As the services of AWS have one. */
  readonly service: string;
  /** Names what a client asks by its first bytes; undefined when it only asks for encryption, which is no step. */
  stepOf(message: Buffer, firstOfConnection: boolean): string | undefined;
  /** The server's own refusal as it answers this message. */
  refusal(error: DatabaseError, message: Buffer): Buffer;
}

/** An error of a database server. */
export interface DatabaseError {
  readonly code: number;
  readonly state: string;
  readonly message: string;
}

/**
 * What is special about places with a database. No steps are the requests that end a session as a courtesy, and those that look for
 * what dead attempts have left in the stage store. A sign-in takes its while, however fast time passes.
 */
export const OF_DATABASES = { farewells: /^(Terminate|COM_QUIT|GET \/[^/]*\/?)$/u, shortestTimer: 2_000 };

/**
 * The patience with a server that says nothing, as a connection has it. Attempts that hear everything, or for which time does not pass faster, also wait for
 * locks, which a server keeps for those that it has not heard to be dead.
 */
export function patience(): { readonly silenceSeconds?: number } {
  const wire = currentWire();
  return wire?.hurried === true && !wire.heard ? { silenceSeconds: 5 } : {};
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
export const POSTGRES: DatabaseProtocol = {
  service: 'postgres',
  stepOf(message, firstOfConnection) {
    if (firstOfConnection) return message.readUInt32BE(4) === 80_877_103 ? undefined : 'StartupMessage';
    const type = String.fromCharCode(message[0] ?? 0);
    if (type === 'Q') return `Query ${words(message.subarray(5))}`;
    // The name of the statement, which is empty, ends before its text.
    if (type === 'P') return `Parse ${words(message.subarray(message.indexOf(0, 5) + 1))}`;
    return { X: 'Terminate', d: 'CopyData', c: 'CopyDone', f: 'CopyFail', p: 'Password' }[type] ?? type;
  },
  refusal({ state, message }) {
    const fields = ['SFATAL', 'VFATAL', `C${state}`, `M${message}`, ''].map((field) => `${field}\0`).join('');
    const body = Buffer.from(fields);
    const head = Buffer.alloc(5);
    head.write('E');
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  },
};

/** https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html and page_protocol_command_phase.html */
export const MYSQL: DatabaseProtocol = {
  service: 'mysql',
  stepOf(message, firstOfConnection) {
    const [sequence, command] = [message[3], message[4]];
    if (firstOfConnection) return message.readUIntLE(0, 3) === 32 ? undefined : 'HandshakeResponse';
    if (sequence !== 0) return 'Password';
    if (command === 0x03) return `COM_QUERY ${words(message.subarray(5))}`;
    if (command === 0x16) return `COM_STMT_PREPARE ${words(message.subarray(5))}`;
    return { 0x01: 'COM_QUIT', 0x17: 'COM_STMT_EXECUTE' }[command ?? 0] ?? `command ${String(command)}`;
  },
  refusal({ code, state, message }, asked) {
    const body = Buffer.concat([
      Buffer.from([0xff, code & 0xff, code >> 8]),
      Buffer.from(`#${state}${message}`),
    ]);
    const head = Buffer.alloc(4);
    head.writeUIntLE(body.length, 0, 3);
    head[3] = ((asked[3] ?? 0) + 1) & 0xff;
    return Buffer.concat([head, body]);
  },
};

/** The beginning of a statement. */
function words(text: Buffer): string {
  return text.subarray(0, 60).toString().split('\0', 1)[0]?.replaceAll(/\s+/gu, ' ') ?? '';
}
