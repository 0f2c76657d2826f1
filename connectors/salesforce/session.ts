import { createPrivateKey, sign } from 'node:crypto';
import type { Connection } from 'jsforce';
import { clockAhead } from '../../pipeline/clock-ahead.ts';
import type { SalesforceConnection } from '../../pipeline/connection.ts';
import { StageFailure } from '../../pipeline/failure.ts';
import { toSalesforceFailure } from './failures.ts';
import { orgTime } from './org-time.ts';
import { limitPatience } from './patience.ts';

/** A signed-in org, and how to name it in messages: `"crm" at acme.my.salesforce.com`. */
export interface Org {
  readonly api: Connection;
  readonly where: string;
}

const API_VERSION = '62.0';
/** Salesforce takes assertions that expire within five minutes (OAuth 2.0 JWT Bearer Flow). */
const ASSERTION_SECONDS = 180;
/** So many tokens in so short a time mean that the org refuses each of them; jsforce would ask for more without end. */
const MOST_TOKENS = 3;
const TOKENS_MS = 60_000;

/**
 * Signs in, by the flow that the connection's fields ask for; a session that expires later is renewed once per request.
 * No answer is waited for longer than `patience.ts` says, nor once the signal is aborted.
 * @throws StageFailure `unauthorized`, `invalid_config` or what the network says. No message holds a secret.
 */
export async function openOrg(
  name: string,
  connection: SalesforceConnection,
  signal: AbortSignal,
): Promise<Org> {
  const { loginUrl, clientId, clientSecret } = connection;
  const where = `"${name}" at ${hostOf(loginUrl)}`;
  // A large client that only the workers of such a connection need.
  const client = await import('jsforce');
  let given: readonly number[] = [];
  let ahead = 0;
  const signIn = async (api: Connection): Promise<void> => {
    given = [...given.filter((at) => Date.now() - at < TOKENS_MS), Date.now()];
    try {
      await api.authorize(grantOf(name, connection, ahead));
    } catch (error) {
      // An assertion with times of another clock is refused like one of another key.
      if (connection.privateKey === undefined || ahead !== 0) throw error;
      ahead = clockAhead(await orgTime(loginUrl, signal), Date.now());
      if (ahead === 0) throw error;
      await api.authorize(grantOf(name, connection, ahead));
    }
  };
  const api = new client.Connection({
    loginUrl,
    version: connection.apiVersion ?? API_VERSION,
    oauth2: { loginUrl, clientId, ...(clientSecret === undefined ? {} : { clientSecret }) },
    refreshFn: (expired, done) => {
      if (given.filter((at) => Date.now() - at < TOKENS_MS).length >= MOST_TOKENS) {
        done(new Error('[INVALID_SESSION_ID] the org refuses the tokens that it has just given'));
        return;
      }
      signIn(expired).then(
        () => {
          done(null, expired.accessToken ?? undefined);
        },
        (error: unknown) => {
          done(codeFirst(error));
        },
      );
    },
  });
  limitPatience(api, signal);
  try {
    await signIn(api);
  } catch (error) {
    throw toSalesforceFailure(error, where, 'give a token');
  }
  return { api, where };
}

/** The parameters of the token request, beside the client's own; `ahead` is what this clock is ahead of the org's, in milliseconds. */
function grantOf(
  name: string,
  { loginUrl, clientId, username, password, privateKey }: SalesforceConnection,
  ahead: number,
) {
  if (privateKey !== undefined) {
    return {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: assertion(name, privateKey, {
        iss: clientId,
        sub: username ?? '',
        aud: loginUrl.replace(/\/$/, ''),
        exp: Math.floor((Date.now() - ahead) / 1000) + ASSERTION_SECONDS,
      }),
    };
  }
  if (password !== undefined) return { grant_type: 'password', username: username ?? '', password };
  return { grant_type: 'client_credentials' };
}

/** A JWT signed with RS256 (RFC 7523). */
function assertion(
  name: string,
  privateKey: string,
  claims: { iss: string; sub: string; aud: string; exp: number },
): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode({ alg: 'RS256' })}.${encode(claims)}`;
  try {
    // Line ends of a PEM often become \n on their way through an environment variable.
    const key = createPrivateKey(privateKey.replaceAll(String.raw`\n`, '\n'));
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  } catch {
    throw new StageFailure(
      'invalid_config',
      `The privateKey of the connection "${name}" cannot be read. Expected a PEM that begins with -----BEGIN PRIVATE KEY-----.`,
    );
  }
}

/** jsforce keeps only the message of an error of its refresh function. */
function codeFirst(error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return new Error(`[${name}] ${message}`);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is no URL';
}
