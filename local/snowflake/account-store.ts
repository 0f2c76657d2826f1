import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/** A user as `CREATE USER` made it. Passwords are kept as digests. */
export interface UserRecord {
  readonly name: string;
  readonly password: string | null;
  /** The key's DER in base64, as `RSA_PUBLIC_KEY` takes it. */
  readonly publicKey: string | null;
  readonly defaultRole: string | null;
}

/** Things of an account that have a name and perhaps settings. */
export type NamedKind = 'role' | 'warehouse' | 'database' | 'integration';

const TABLES = `
CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY, password TEXT, public_key TEXT, default_role TEXT) STRICT;
CREATE TABLE IF NOT EXISTS named (kind TEXT, name TEXT, settings TEXT NOT NULL, PRIMARY KEY (kind, name)) STRICT;
CREATE TABLE IF NOT EXISTS member (user TEXT, role TEXT, PRIMARY KEY (user, role)) STRICT;
INSERT OR IGNORE INTO user VALUES ('ADMIN', '${digest('local')}', NULL, 'ACCOUNTADMIN');
INSERT OR IGNORE INTO named VALUES ('role', 'ACCOUNTADMIN', '{}'), ('role', 'PUBLIC', '{}'), ('warehouse', 'COMPUTE_WH', '{}');
INSERT OR IGNORE INTO member VALUES ('ADMIN', 'ACCOUNTADMIN');
`;

/** Users, roles, warehouses, databases and storage integrations of the one account, in a file. */
export class AccountStore {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    db.exec(TABLES);
  }

  user(name: string): UserRecord | undefined {
    return userOf(this.#db.prepare('SELECT * FROM user WHERE name = ?').get(name));
  }

  /** Login names have no case, whatever the case of the user's own name. */
  userByLogin(login: string): UserRecord | undefined {
    return userOf(this.#db.prepare('SELECT * FROM user WHERE upper(name) = upper(?)').get(login));
  }

  putUser(user: UserRecord): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO user VALUES (?, ?, ?, ?)')
      .run(user.name, user.password, user.publicKey, user.defaultRole);
  }

  has(kind: NamedKind, name: string): boolean {
    return this.#db.prepare('SELECT 1 FROM named WHERE kind = ? AND name = ?').get(kind, name) !== undefined;
  }

  names(kind: NamedKind): readonly string[] {
    const rows = this.#db.prepare('SELECT name FROM named WHERE kind = ? ORDER BY name').all(kind);
    return rows.map((row) => String(row['name']));
  }

  settings(kind: NamedKind, name: string): Readonly<Record<string, string>> {
    const row = this.#db.prepare('SELECT settings FROM named WHERE kind = ? AND name = ?').get(kind, name);
    return row === undefined ? {} : (JSON.parse(String(row['settings'])) as Record<string, string>);
  }

  put(kind: NamedKind, name: string, settings: Readonly<Record<string, string>> = {}): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO named VALUES (?, ?, ?)')
      .run(kind, name, JSON.stringify(settings));
  }

  /** A user or role that is made again under the same name has none of the old grants. */
  drop(kind: NamedKind | 'user', name: string): void {
    if (kind === 'user') {
      this.#db.prepare('DELETE FROM user WHERE name = ?').run(name);
      this.#db.prepare('DELETE FROM member WHERE user = ?').run(name);
      return;
    }
    this.#db.prepare('DELETE FROM named WHERE kind = ? AND name = ?').run(kind, name);
    if (kind === 'role') this.#db.prepare('DELETE FROM member WHERE role = ?').run(name);
  }

  grantRole(role: string, user: string): void {
    this.#db.prepare('INSERT OR IGNORE INTO member VALUES (?, ?)').run(user, role);
  }

  mayUse(user: string, role: string): boolean {
    if (role === 'PUBLIC') return true;
    return this.#db.prepare('SELECT 1 FROM member WHERE user = ? AND role = ?').get(user, role) !== undefined;
  }
}

export function digest(password: string): string {
  return createHash('sha256').update(`snowflake stand-in ${password}`).digest('hex');
}

function userOf(row: Readonly<Record<string, unknown>> | undefined): UserRecord | undefined {
  if (row === undefined) return undefined;
  return {
    name: String(row['name']),
    password: textOf(row['password']),
    publicKey: textOf(row['public_key']),
    defaultRole: textOf(row['default_role']),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
