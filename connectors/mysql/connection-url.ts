import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { SslOptions } from 'mysql2';
import { StageFailure } from '../../pipeline/failure.ts';

/** What the url of a connection says. The password is a secret: it is never part of a message. */
export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string | undefined;
  readonly ssl: SslOptions | undefined;
}

const DEFAULT_PORT = 3306;

/** The names and meanings of MySQL's own clients (https://dev.mysql.com/doc/refman/8.4/en/connection-options.html). */
const SSL_MODES = ['disabled', 'required', 'verify_ca', 'verify_identity'] as const;
const FILES = { 'ssl-ca': 'ca', 'ssl-cert': 'cert', 'ssl-key': 'key' } as const;

/**
 * Reads `mysql://user:password@host:port/database?ssl-mode=verify_identity&ssl-ca=/etc/ssl/shop.pem`. Without
 * `ssl-mode` the connection is not encrypted, unless a file is named: then the server must prove who it is.
 * @throws StageFailure `invalid_config` that names the connection and the parameter, never the url or a value.
 */
export function readUrl(connection: string, url: string): MysqlAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^(mysql|mariadb):$/u.test(parsed.protocol) || parsed.hostname === '') {
    throw unreadable(connection);
  }
  try {
    const database = decodeURIComponent(parsed.pathname.slice(1));
    const host = parsed.hostname.replace(/^\[(.*)\]$/u, '$1');
    return {
      host,
      port: parsed.port === '' ? DEFAULT_PORT : Number(parsed.port),
      user: decodeURIComponent(parsed.username),
      password: decodeURIComponent(parsed.password),
      database: database === '' ? undefined : database,
      ssl: sslOptions(connection, host, parsed.searchParams),
    };
  } catch (error) {
    throw error instanceof StageFailure ? error : unreadable(connection);
  }
}

function sslOptions(connection: string, host: string, parameters: URLSearchParams): SslOptions | undefined {
  const files: Partial<Record<'ca' | 'cert' | 'key', Buffer>> = {};
  let mode: string | undefined;
  for (const [name, value] of parameters) {
    if (name === 'ssl-mode') {
      mode = value.toLowerCase();
    } else if (isFile(name)) {
      files[FILES[name]] = readFile(connection, name, value);
    } else {
      const known = ['ssl-mode', ...Object.keys(FILES)].join(', ');
      throw invalid(connection, `has the parameter "${name}"`, `Known are ${known}.`);
    }
  }
  mode ??= Object.keys(files).length > 0 ? 'verify_identity' : 'disabled';
  if (!SSL_MODES.some((known) => known === mode)) {
    throw invalid(connection, 'has an unknown ssl-mode', `Known are ${SSL_MODES.join(', ')}.`);
  }
  if (mode === 'disabled') return undefined;
  if (mode === 'verify_identity' && isIP(host) !== 0) {
    // mysql2 would compare the certificate with "localhost" instead.
    const cure = 'Write the name that the certificate is for, or ssl-mode=verify_ca.';
    throw invalid(connection, 'names an address, whose identity no certificate proves', cure);
  }
  return {
    ...files,
    rejectUnauthorized: mode !== 'required',
    verifyIdentity: mode === 'verify_identity',
  };
}

function isFile(name: string): name is keyof typeof FILES {
  return Object.hasOwn(FILES, name);
}

function readFile(connection: string, name: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw invalid(
      connection,
      `names a file in ${name} that cannot be read`,
      'Put the file where the worker can read it.',
    );
  }
}

function unreadable(connection: string): StageFailure {
  return invalid(
    connection,
    'cannot be read',
    'Expected mysql://user:password@host:port/database with special characters percent-encoded.',
  );
}

function invalid(connection: string, problem: string, cure: string): StageFailure {
  return new StageFailure('invalid_config', `The url of the connection "${connection}" ${problem}. ${cure}`);
}
