import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { snowflakeObjects } from '../../cli/dev/snowflake-account.ts';
import { signInOptions } from '../../connectors/snowflake/sign-in-options.ts';
import { runCommand } from '../../local/snowflake/account-commands.ts';
import { AccountStore } from '../../local/snowflake/account-store.ts';
import type { Databases } from '../../local/snowflake/databases.ts';
import type { Session } from '../../local/snowflake/session.ts';
import { Sessions } from '../../local/snowflake/sessions.ts';
import { signIn, type SignInRequest } from '../../local/snowflake/sign-in.ts';
import { folded } from '../../local/snowflake/translate.ts';
import type { SnowflakeConnection } from '../../pipeline/connection.ts';
import { resolveConnection } from '../../workers/secrets.ts';

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const OTHER = generateKeyPairSync('rsa', { modulusLength: 2048 });
const encoded = (key: KeyObject): string => key.export({ type: 'spki', format: 'der' }).toString('base64');
/** An account without a server, whose databases are names only. */
function account() {
  const store = new AccountStore(new DatabaseSync(':memory:'));
  const databases = {
    create: () => Promise.resolve(),
    drop: () => Promise.resolve(),
    connect: () => Promise.reject(new Error('This account has no data.')),
  } as unknown as Databases;
  const run = (sql: string) => runCommand(sql, {} as unknown as Session, store, databases);
  return { store, run, sessions: new Sessions(store, databases) };
}

interface Token {
  readonly account?: string;
  readonly user?: string;
  readonly pair?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly signer?: KeyObject;
  readonly exp?: number;
  readonly alg?: string;
}

/** A token of key-pair authentication, written from the documentation of Snowflake's SQL API. */
function token({
  account: at = 'ACME',
  user = 'MOVER',
  pair = RSA,
  signer = pair.privateKey,
  ...rest
}: Token = {}): string {
  const { exp = Math.floor(Date.now() / 1000) + 60, alg = 'RS256' } = rest;
  const print = createHash('sha256')
    .update(pair.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg })}.${part({ iss: `${at}.${user}.SHA256:${print}`, sub: `${at}.${user}`, exp })}`;
  return `${text}.${sign('sha256', Buffer.from(text), signer).toString('base64url')}`;
}

const byToken = (TOKEN: string, more: Partial<SignInRequest> = {}): SignInRequest => ({
  ...{ LOGIN_NAME: 'mover', ACCOUNT_NAME: 'acme', AUTHENTICATOR: 'SNOWFLAKE_JWT', TOKEN },
  ...more,
});

async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'none';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}

describe('the local account', () => {
  test('takes the token of the account, the user and the key, while it lasts, and no other', async () => {
    const { store, run } = account();
    await run(`CREATE USER mover RSA_PUBLIC_KEY = '${encoded(RSA.publicKey)}'`);
    const code = (request: SignInRequest) => codeOf(() => signIn(store, request, Date.now()));
    expect(signIn(store, byToken(token()), Date.now()).name).toBe('MOVER');
    const millis = token({ exp: Date.now() + 60_000 });
    expect(await code(byToken(millis))).toBe('none');
    const [head = '', claims = '', signature = ''] = token().split('.');
    const refused: Readonly<Record<string, string>> = {
      'another account': token({ account: 'OTHER' }),
      'another user': token({ user: 'ADMIN' }),
      'another key': token({ pair: OTHER }),
      'the signature of another key': token({ signer: OTHER.privateKey }),
      'a token that is over': token({ exp: Math.floor(Date.now() / 1000) - 1 }),
      'another algorithm': token({ alg: 'none' }),
      'no signature': `${head}.${claims}.`,
      'claims that are none': `${head}.${Buffer.from('null').toString('base64url')}.${signature}`,
      'claims that are no JSON': `${head}.${Buffer.from('{').toString('base64url')}.${signature}`,
      nothing: '',
    };
    for (const [what, text] of Object.entries(refused))
      expect([what, await code(byToken(text))]).toEqual([what, '390144']);
    expect(await code(byToken(token(), { LOGIN_NAME: 'admin' }))).toBe('390144');
    expect(await code(byToken(token(), { LOGIN_NAME: 'nobody' }))).toBe('390144');
    expect(await code({ LOGIN_NAME: 'mover', PASSWORD: '' })).toBe('390100');
    expect(await code(byToken(token(), { AUTHENTICATOR: 'OAUTH' }))).toBe('390106');
  });

  test('changes only what a statement says of a user, and refuses what it would not keep', async () => {
    const { store, run } = account();
    await run(
      `CREATE USER mover PASSWORD = 'one' RSA_PUBLIC_KEY = '${encoded(RSA.publicKey)}' DEFAULT_ROLE = loader`,
    );
    const code = (request: SignInRequest) => codeOf(() => signIn(store, request, Date.now()));
    const password = (PASSWORD: string) => code({ LOGIN_NAME: 'Mover', PASSWORD });
    await run(`CREATE USER IF NOT EXISTS mover PASSWORD = 'two'`);
    expect([await password('one'), await password('two')]).toEqual(['none', '390100']);
    await run(`ALTER USER mover SET PASSWORD = 'two' COMMENT = 'x'`);
    expect([await password('two'), await code(byToken(token()))]).toEqual(['none', 'none']);
    for (const key of ['abc', encoded(generateKeyPairSync('ed25519').publicKey)])
      expect(await codeOf(() => run(`ALTER USER mover SET RSA_PUBLIC_KEY = '${key}'`))).toBe('001008');
    expect(await codeOf(() => run(`ALTER USER mover SET RSA_PUBLIC_KEY_2 = 'abc'`))).toBe('000002');
    expect(await codeOf(() => run('ALTER USER mover RESET PASSWORD'))).toBe('000002');
    await run('ALTER USER IF EXISTS mover UNSET RSA_PUBLIC_KEY');
    expect([await password('two'), await code(byToken(token()))]).toEqual(['none', '390144']);
    await run('ALTER USER IF EXISTS nobody UNSET PASSWORD');
    expect(await codeOf(() => run(`ALTER USER nobody SET PASSWORD = 'x'`))).toBe('002003');
    await run('ALTER USER mover SET DEFAULT_ROLE = "my role"');
    expect(store.user('MOVER')?.defaultRole).toBe('my role');
  });

  test('gives a user or a role that is made again nothing of what the old one had', async () => {
    const { store, run } = account();
    await run('CREATE ROLE loader');
    await run('CREATE USER mover');
    expect(await codeOf(() => run('GRANT ROLE loader TO USER nobody'))).toBe('002003');
    expect(await codeOf(() => run('GRANT ROLE nothing TO USER mover'))).toBe('002003');
    const again = [
      'DROP ROLE loader;CREATE ROLE loader',
      'DROP USER mover;CREATE USER mover',
      'CREATE OR REPLACE USER mover',
    ];
    for (const statements of again) {
      await run('GRANT ROLE loader TO USER mover');
      expect(store.mayUse('MOVER', 'LOADER')).toBe(true);
      for (const sql of statements.split(';')) await run(sql);
      expect([statements, store.mayUse('MOVER', 'LOADER')]).toEqual([statements, false]);
    }
  });
});

function pairOf(privateKey: string): Pick<Token, 'pair'> {
  return { pair: { publicKey: createPublicKey(privateKey), privateKey: createPrivateKey(privateKey) } };
}

describe('the objects that a connection gets in the local account', () => {
  const name = fc.constantFrom('lake', 'my-lake', 'Own Lake', '${env:ONE}', '${env:TWO}', 'LAKE_2$');
  const connection = fc.record({
    account: fc.constantFrom('acme', '${env:ACCOUNT}'),
    user: name,
    database: name,
    warehouse: name,
    role: fc.option(name, { nil: undefined }),
    storageIntegration: fc.option(name, { nil: undefined }),
    secret: fc.constantFrom('password', 'key', 'encrypted key'),
  });

  test('let its worker sign in, whatever the names are and whichever of them are variables', async () => {
    await fc.assert(
      fc.asyncProperty(
        connection,
        fc.constantFrom('snow', 'my-snow'),
        async ({ secret, ...fields }, called) => {
          const written = Object.fromEntries(
            Object.entries(fields).filter(([, value]) => value !== undefined),
          );
          const credentials =
            secret === 'password'
              ? { password: '${env:SECRET}' }
              : {
                  privateKey: '${env:SECRET}',
                  ...(secret === 'key' ? {} : { privateKeyPassphrase: '${env:PHRASE}' }),
                };
          const asked = { kind: 'snowflake', ...written, ...credentials } as SnowflakeConnection;
          const { statements, variables } = snowflakeObjects(called, asked);
          const { store, run, sessions } = account();
          // A session of `reefline dev` that begins again makes everything again.
          for (const sql of [...statements, ...statements]) await run(sql);
          const resolved = resolveConnection(asked, variables) as SnowflakeConnection;
          const options = signInOptions(resolved);
          const { username = '', database = '', warehouse = '', privateKey } = options;
          const [at, user] = [(options.account ?? '').toUpperCase(), username.toUpperCase()];
          const TOKEN = privateKey === undefined ? '' : token({ account: at, user, ...pairOf(privateKey) });
          const request =
            privateKey === undefined
              ? { LOGIN_NAME: user, PASSWORD: options.password ?? '' }
              : byToken(TOKEN, { LOGIN_NAME: user, ACCOUNT_NAME: at });
          const opened = await sessions.open(request, {
            database: folded(database),
            schema: undefined,
            warehouse: folded(warehouse),
            role: options.role === undefined ? undefined : folded(options.role),
            validate: true,
          });
          expect(opened.place.database).toBe(folded(database));
          if (resolved.storageIntegration !== undefined) expect(store.names('integration')).toHaveLength(1);
        },
      ),
      { numRuns: 25 },
    );
  });
});
