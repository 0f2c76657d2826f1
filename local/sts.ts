import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

export interface RunningSts {
  /** `http://host:port`, for AWS_ENDPOINT_URL_STS. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Limits of AssumeRole (AWS, "AWS STS API reference", AssumeRole). */
const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[!-~]+\/)?([A-Za-z0-9_+=,.@-]{1,64})$/;
const SESSION_NAME = /^[A-Za-z0-9_+=,.@-]{2,64}$/;
const EXTERNAL_ID = /^[A-Za-z0-9_+=,.@:/-]{2,1224}$/;
const SHORTEST_SECONDS = 900;
const LONGEST_SECONDS = 43_200;
const USUAL_SECONDS = 3_600;
const MAX_BODY = 64 * 1024;

/** Roles by ARN, and the external id that the trust policy of each asks for. */
export type TrustingRoles = Readonly<Record<string, { readonly externalId?: string }>>;

/**
 * STS on this machine, as far as an endpoint needs it: AssumeRole. Its credentials follow from role and session, so nothing has
 * to be kept. Other actions and parameters are refused in the service's error shape.
 */
export async function startSts(options: {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The roles that there are; absent, any role may be assumed, whatever external id is said. */
  readonly roles?: TrustingRoles;
}): Promise<RunningSts> {
  const server = createServer((request, response) => {
    void answer(options.roles, request, response);
  });
  const listening = await listen(server, options);
  return {
    url: listening.url,
    async stop() {
      await listening.close();
    },
  };
}

class StsFault extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

async function answer(
  roles: TrustingRoles | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const parameters = new URLSearchParams(await readBody(request));
    send(response, 200, assumeRole(parameters, roles, Date.now()));
  } catch (error) {
    const code = error instanceof StsFault ? error.code : 'InternalFailure';
    const message = error instanceof Error ? error.message : 'unknown';
    send(
      response,
      error instanceof StsFault ? (code === 'AccessDenied' ? 403 : 400) : 500,
      `<ErrorResponse xmlns="${XMLNS}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error><RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
    );
  }
}

const XMLNS = 'https://sts.amazonaws.com/doc/2011-06-15/';
/** Requests are not authenticated, so everybody is this user. */
const CALLER = 'arn:aws:iam::000000000000:user/local';
const KNOWN = ['Action', 'Version', 'RoleArn', 'RoleSessionName', 'ExternalId', 'DurationSeconds'];

function assumeRole(parameters: URLSearchParams, roles: TrustingRoles | undefined, now: number): string {
  const action = parameters.get('Action') ?? '';
  if (action !== 'AssumeRole') throw new StsFault('InvalidAction', `Could not find operation ${action}`);
  const unknown = [...parameters.keys()].find((name) => !KNOWN.includes(name));
  if (unknown !== undefined)
    throw new StsFault('ValidationError', `The local STS does not imitate the parameter ${unknown}.`);
  const arn = parameters.get('RoleArn') ?? '';
  const session = parameters.get('RoleSessionName') ?? '';
  const [, partition, account, role] = ROLE_ARN.exec(arn) ?? [];
  if (partition === undefined || account === undefined || role === undefined)
    throw new StsFault('ValidationError', `${arn} is invalid`);
  constrain('roleSessionName', session, SESSION_NAME);
  const externalId = parameters.get('ExternalId');
  if (externalId !== null) constrain('externalId', externalId, EXTERNAL_ID);
  const seconds = Number(parameters.get('DurationSeconds') ?? USUAL_SECONDS);
  if (!Number.isInteger(seconds) || seconds < SHORTEST_SECONDS || seconds > LONGEST_SECONDS)
    throw new StsFault(
      'ValidationError',
      `1 validation error detected: Value '${String(seconds)}' at 'durationSeconds' failed to satisfy constraint`,
    );
  if (roles !== undefined && !trusts(roles[arn], externalId))
    throw new StsFault(
      'AccessDenied',
      `User: ${CALLER} is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
    );
  const digest = createHash('sha256').update(`${arn} ${session}`).digest('hex').toUpperCase();
  return `<AssumeRoleResponse xmlns="${XMLNS}"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROA${digest.slice(0, 16)}:${session}</AssumedRoleId><Arn>arn:${partition}:sts::${account}:assumed-role/${role}/${session}</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIA${digest.slice(16, 32)}</AccessKeyId><SecretAccessKey>${digest.slice(0, 40)}</SecretAccessKey><SessionToken>${digest}</SessionToken><Expiration>${new Date(now + seconds * 1000).toISOString()}</Expiration></Credentials>
</AssumeRoleResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></AssumeRoleResponse>`;
}

/** Trusted roles that ask for no external id take any (AWS, "IAM User Guide", third-party access). */
function trusts(role: TrustingRoles[string] | undefined, externalId: string | null): boolean {
  return role !== undefined && (role.externalId === undefined || role.externalId === externalId);
}

function constrain(name: string, value: string, pattern: RegExp): void {
  if (!pattern.test(value))
    throw new StsFault(
      'ValidationError',
      `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern.source}`,
    );
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new StsFault('ValidationError', 'The request is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/xml', 'x-amzn-requestid': randomUUID() });
  response.end(body);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
