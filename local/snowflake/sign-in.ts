import { createHash, createPublicKey, createVerify, type KeyObject } from 'node:crypto';
import { digest, type AccountStore, type UserRecord } from './account-store.ts';
import { Fault } from './fault.ts';

/** What a login-request brings, of what matters here. */
export interface SignInRequest {
  readonly LOGIN_NAME?: string;
  readonly ACCOUNT_NAME?: string;
  readonly PASSWORD?: string;
  readonly AUTHENTICATOR?: string;
  readonly TOKEN?: string;
}

/** The client writes milliseconds where JWT has seconds, and the service takes both. */
const MILLISECONDS_FROM = 100_000_000_000;
/** By how much a token may be of the future. Milliseconds. */
const FORGIVEN = 60_000;

/** The user that signs in. @throws Fault 390100 for a wrong password, 390144 for a token that is not the user's. */
export function signIn(store: AccountStore, request: SignInRequest, now: number): UserRecord {
  const user = store.userByLogin(request.LOGIN_NAME ?? '');
  if (request.AUTHENTICATOR === 'SNOWFLAKE_JWT') {
    if (user?.publicKey == null || !isTokenOf(user, user.publicKey, request, now))
      throw new Fault('390144', 'JWT token is invalid.', '08001');
    return user;
  }
  if (request.AUTHENTICATOR !== undefined && request.AUTHENTICATOR !== 'SNOWFLAKE')
    throw new Fault(
      '390106',
      `Authenticator ${request.AUTHENTICATOR} is not known to this local Snowflake.`,
      '08001',
    );
  if (user?.password == null || user.password !== digest(request.PASSWORD ?? ''))
    throw new Fault('390100', 'Incorrect username or password was specified.', '08001');
  return user;
}

/** https://docs.snowflake.com/en/developer-guide/sql-api/authenticating: issuer, subject, times and signature. */
function isTokenOf(
  user: UserRecord,
  publicKey: string,
  { TOKEN: token = '', ACCOUNT_NAME: account = '' }: SignInRequest,
  now: number,
): boolean {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const [head, claims] = [header, payload].map(decoded);
  if (head?.['alg'] !== 'RS256' || claims === undefined) return false;
  const key = readPublicKey(publicKey);
  const print = createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('base64');
  const subject = `${account}.${user.name}`.toUpperCase();
  const known = claims['sub'] === subject && claims['iss'] === `${subject}.SHA256:${print}`;
  const instant = (time: unknown): number =>
    Number(time) > MILLISECONDS_FROM ? Number(time) : Number(time) * 1000;
  const isDue = claims['iat'] === undefined || instant(claims['iat']) <= now + FORGIVEN;
  const signed = createVerify('RSA-SHA256')
    .update(`${header}.${payload}`)
    .verify(key, signature, 'base64url');
  return known && isDue && instant(claims['exp']) > now && signed;
}

/** A key as `RSA_PUBLIC_KEY` takes it: its DER in base64. Throws for anything else. */
export function readPublicKey(text: string): KeyObject {
  return createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' });
}

function decoded(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
