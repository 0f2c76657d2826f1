import { closing, literalValue, significant, tokenize, type Token } from '../redshift-data/tokens.ts';
import { digest, type AccountStore, type NamedKind, type UserRecord } from './account-store.ts';
import type { Databases } from './databases.ts';
import { Fault, missing, unsupported } from './fault.ts';
import type { Session } from './session.ts';
import { readPublicKey } from './sign-in.ts';
import { folded, nameOf } from './translate.ts';

/** What a command of the account answers: Snowflake shows one row with a sentence. */
export interface CommandAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

const KINDS: Readonly<Record<string, NamedKind>> = {
  ROLE: 'role',
  WAREHOUSE: 'warehouse',
  DATABASE: 'database',
  INTEGRATION: 'integration',
};

/** Statements about the account and the session; undefined for those that PostgreSQL runs. */
export async function runCommand(
  sql: string,
  session: Session,
  store: AccountStore,
  databases: Databases,
): Promise<CommandAnswer | undefined> {
  const words = significant(tokenize(sql)).filter(({ key }) => key !== ';');
  const head = words
    .slice(0, 7)
    .map(({ key }) => key)
    .join(' ');
  if (/^ALTER SESSION SET\b/.test(head)) return alterSession(words.slice(3), session);
  if (/^USE\b/.test(head)) return use(words.slice(1), session, store);
  const create =
    /^CREATE (?:OR REPLACE )?(?:STORAGE )?(USER|ROLE|WAREHOUSE|DATABASE|INTEGRATION)\b(?: (IF) NOT EXISTS)?/.exec(
      head,
    );
  if (create !== null) {
    await createObject(create[1] ?? '', words, create[2] !== undefined, store, databases);
    return sentence(`${create[1] ?? ''} successfully created.`);
  }
  if (/^ALTER USER\b/.test(head)) return alterUser(words, store);
  const drop = /^DROP (USER|ROLE|WAREHOUSE|DATABASE|INTEGRATION)\b/.exec(head)?.[1];
  if (drop !== undefined) return dropObject(drop, words, store, databases);
  if (/^GRANT\b/.test(head)) return grant(words, store);
  return undefined;
}

function sentence(status: string): CommandAnswer {
  return { columns: ['status'], rows: [[status]] };
}

function alterSession(words: readonly Token[], session: Session): CommandAnswer {
  for (const [name, value] of settingsIn(words)) session.parameters.set(name, value);
  return sentence('Statement executed successfully.');
}

async function use(words: readonly Token[], session: Session, store: AccountStore): Promise<CommandAnswer> {
  const kind = words[0]?.key ?? '';
  const typed = ['ROLE', 'WAREHOUSE', 'DATABASE', 'SCHEMA'].includes(kind);
  const name = nameOf(words[typed ? 1 : 0]) ?? '';
  const { place } = session;
  if (kind === 'SCHEMA') await session.useSchema(nameOf(words[words.length - 1]) ?? '');
  else if (kind === 'ROLE') {
    if (!store.has('role', name) || !store.mayUse(place.user, name)) throw missing('Role', name);
    place.role = name;
  } else if (kind === 'WAREHOUSE') {
    if (!store.has('warehouse', name)) throw missing('Warehouse', name);
    place.warehouse = name;
  } else {
    if (!store.has('database', name)) throw missing('Database', name);
    place.database = name;
    place.schema = 'PUBLIC';
  }
  return sentence('Statement executed successfully.');
}

async function createObject(
  noun: string,
  words: readonly Token[],
  ifMissing: boolean,
  store: AccountStore,
  databases: Databases,
): Promise<void> {
  const at = words.findIndex(({ key }) => key === noun) + (ifMissing ? 4 : 1);
  const name = nameOf(words[at]) ?? '';
  const settings = settingsIn(words.slice(at + 1));
  const replace = words[1]?.key === 'OR';
  const kind = KINDS[noun];
  const exists = kind === undefined ? store.user(name) !== undefined : store.has(kind, name);
  if (exists && ifMissing) return;
  if (exists && !replace)
    throw new Fault('002002', `SQL compilation error:\nObject '${name}' already exists.`, '42710');
  if (kind === undefined) {
    const user = withSettings({ name, password: null, publicKey: null, defaultRole: null }, settings);
    if (exists) store.drop('user', name);
    store.putUser(user);
    return;
  }
  if (kind === 'database') await databases.create(name);
  store.put(kind, name, Object.fromEntries(settings));
}

function alterUser(words: readonly Token[], store: AccountStore): CommandAnswer {
  const ifThere = words[2]?.key === 'IF';
  const at = ifThere ? 4 : 2;
  const name = nameOf(words[at]) ?? '';
  const user = store.user(name);
  if (user === undefined && ifThere) return sentence('Statement executed successfully.');
  if (user === undefined) throw missing('User', name);
  const rest = words.slice(at + 2);
  switch (words[at + 1]?.key) {
    case 'SET':
      store.putUser(withSettings(user, settingsIn(rest)));
      break;
    case 'UNSET':
      store.putUser({ ...user, ...Object.fromEntries(rest.flatMap(({ key }) => unsetting(key))) });
      break;
    default:
      throw unsupported('ALTER USER without SET or UNSET');
  }
  return sentence('Statement executed successfully.');
}

/** Settings that say nothing of how a user signs in are accepted and not looked at. */
function withSettings(user: UserRecord, settings: ReadonlyMap<string, string>): UserRecord {
  if (settings.has('RSA_PUBLIC_KEY_2')) throw unsupported('RSA_PUBLIC_KEY_2');
  const password = settings.get('PASSWORD');
  const publicKey = settings.get('RSA_PUBLIC_KEY');
  const role = settings.get('DEFAULT_ROLE');
  if (publicKey !== undefined && !isPublicKey(publicKey))
    throw new Fault(
      '001008',
      `SQL compilation error:\ninvalid value [${publicKey}] for parameter 'RSA_PUBLIC_KEY'`,
      '22023',
    );
  return {
    name: user.name,
    password: password === undefined ? user.password : digest(password),
    publicKey: publicKey ?? user.publicKey,
    defaultRole: role === undefined ? user.defaultRole : folded(role),
  };
}

function unsetting(key: string): readonly [string, null][] {
  const fields: Readonly<Record<string, keyof UserRecord>> = {
    PASSWORD: 'password',
    RSA_PUBLIC_KEY: 'publicKey',
    DEFAULT_ROLE: 'defaultRole',
  };
  const field = fields[key];
  return field === undefined ? [] : [[field, null]];
}

function isPublicKey(text: string): boolean {
  try {
    return readPublicKey(text).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

async function dropObject(
  noun: string,
  words: readonly Token[],
  store: AccountStore,
  databases: Databases,
): Promise<CommandAnswer> {
  const ifThere = words[2]?.key === 'IF';
  const name = nameOf(words[ifThere ? 4 : 2]) ?? '';
  const kind = KINDS[noun];
  const exists = kind === undefined ? store.user(name) !== undefined : store.has(kind, name);
  if (!exists && !ifThere) throw missing(noun, name);
  if (kind === 'database') await databases.drop(name);
  store.drop(kind ?? 'user', name);
  return sentence(`${name} successfully dropped.`);
}

/** Roles of users count; privileges on objects are accepted and not looked at. */
function grant(words: readonly Token[], store: AccountStore): CommandAnswer {
  const keys = words.map(({ key }) => key);
  const to = keys.lastIndexOf('TO');
  if (to < 0) throw unsupported('GRANT without TO');
  if (keys[1] === 'ROLE') {
    const role = nameOf(words[2]) ?? '';
    if (!store.has('role', role)) throw missing('Role', role);
    const grantee = nameOf(words[to + 2]) ?? '';
    if (keys[to + 1] === 'USER') {
      if (store.user(grantee) === undefined) throw missing('User', grantee);
      store.grantRole(role, grantee);
    }
  } else {
    const role = nameOf(words[to + (keys[to + 1] === 'ROLE' ? 2 : 1)]) ?? '';
    if (!store.has('role', role)) throw missing('Role', role);
  }
  return sentence('Statement executed successfully.');
}

/** `NAME = value` in any order, with or without commas; a list becomes its literals between commas. */
function settingsIn(words: readonly Token[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (let at = 0; at < words.length; at++) {
    const [name, value] = [words[at], words[at + 2]];
    if (name === undefined || value === undefined || words[at + 1]?.key !== '=') continue;
    const list = value.key === '(' ? words.slice(at + 3, closing(words, at + 2)) : [value];
    const texts = list
      .filter(({ key }) => key !== ',')
      .map((token) => (token.kind === 'string' ? literalValue(token) : token.text));
    settings.set(name.key, texts.join(','));
  }
  return settings;
}
