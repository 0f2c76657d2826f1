import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { OAuthFault, SalesforceFault } from './fault.ts';

/** The connected app and the user of the org. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
  /** Public key (PEM) of the certificate of the connected app. */
  readonly publicKey?: string;
}

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Gives tokens by three OAuth flows and checks them. */
export class Sessions {
  readonly #credentials: Credentials;
  readonly #tokens = new Set<string>();
  #refusing = false;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Answers a token request; `audience` is the address of this server. */
  grant(parameters: URLSearchParams, audience: string): object {
    const flow = parameters.get('grant_type');
    if (flow === JWT_BEARER) this.#checkAssertion(parameters.get('assertion') ?? '', audience);
    else this.#checkClient(parameters);
    if (flow === 'password') this.#checkUser(parameters);
    else if (flow !== 'client_credentials' && flow !== JWT_BEARER)
      throw new OAuthFault('unsupported_grant_type', 'grant type not supported');
    const token = `00D000000000001!${randomBytes(24).toString('base64url')}`;
    this.#tokens.add(token);
    return {
      access_token: token,
      instance_url: audience,
      id: `${audience}/id/00D000000000001AAA/005000000000001AAA`,
      token_type: 'Bearer',
      issued_at: String(Date.now()),
    };
  }

  check(authorization: string | undefined): void {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '';
    if (this.#refusing || !this.#tokens.has(token))
      throw new SalesforceFault(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
  }

  /** Every token is refused from now on. */
  expireAll(): void {
    this.#tokens.clear();
  }

  /** So is every token that is given later, as with an address that the org does not let in. */
  refuseAll(): void {
    this.#refusing = true;
  }

  #checkClient(parameters: URLSearchParams): void {
    const { clientId, clientSecret } = this.#credentials;
    if (parameters.get('client_id') !== clientId)
      throw new OAuthFault('invalid_client_id', 'client identifier invalid');
    if (parameters.get('client_secret') !== clientSecret)
      throw new OAuthFault('invalid_client', 'invalid client credentials');
  }

  #checkUser(parameters: URLSearchParams): void {
    const { username, password } = this.#credentials;
    if (parameters.get('username') !== username || parameters.get('password') !== password)
      throw new OAuthFault('invalid_grant', 'authentication failure');
  }

  #checkAssertion(assertion: string, audience: string): void {
    const { clientId, username, publicKey } = this.#credentials;
    const [header = '', claims = '', signature = ''] = assertion.split('.');
    const signed = Buffer.from(`${header}.${claims}`);
    const fits =
      publicKey !== undefined &&
      verify('sha256', signed, createPublicKey(publicKey), Buffer.from(signature, 'base64url'));
    if (!fits) throw new OAuthFault('invalid_grant', 'invalid assertion');
    const { iss, sub, aud, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<
      string,
      unknown
    >;
    if (iss !== clientId) throw new OAuthFault('invalid_client_id', 'client identifier invalid');
    if (aud !== audience) throw new OAuthFault('invalid_grant', 'audience is invalid');
    if (sub !== username) throw new OAuthFault('invalid_grant', "user hasn't approved this consumer");
    // An assertion lasts five minutes at most.
    const left = typeof exp === 'number' ? exp * 1000 - Date.now() : NaN;
    if (!(left >= 0 && left <= 300_000)) throw new OAuthFault('invalid_grant', 'expired authorization code');
  }
}
