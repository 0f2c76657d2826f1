/** A request or statement that Snowflake answers with a code and a text. */
export class Fault extends Error {
  /** Six digits. */
  readonly code: string;
  readonly sqlState: string;

  constructor(code: string, message: string, sqlState = '42000') {
    super(message);
    this.name = 'Fault';
    this.code = code;
    this.sqlState = sqlState;
  }
}

export function missing(kind: string, name: string): Fault {
  return new Fault(
    '002003',
    `SQL compilation error:\n${kind} '${name}' does not exist or not authorized.`,
    '02000',
  );
}

export function unsupported(what: string): Fault {
  return new Fault('000002', `Unsupported feature '${what}' (of this local Snowflake).`, '0A000');
}
