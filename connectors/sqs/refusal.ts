import type { SendError } from '../../pipeline/outgoing.ts';
import type { AssumedRole } from './assumed-role.ts';
import {
  assumeStatement,
  keyStatement,
  keyUseStatement,
  queueStatement,
  trustStatement,
  userStatement,
  type PolicyStatement,
  type QueueUse,
} from './access-policies.ts';
import { accountOf, readDenial, type Denial } from './denial.ts';
import type { QueueAddress } from './queue-address.ts';

/** A statement that is not there, and whose policy should have it. */
export interface MissingStatement {
  readonly where: string;
  readonly statement: PolicyStatement;
}

/** Why SQS did not do what was asked, for people: what is wrong, what to do, and the policy statements to add. */
export interface Refusal {
  readonly what: string;
  readonly cure: string;
  readonly missing: readonly MissingStatement[];
}

/** Which queue was asked, and what it is for. */
export interface QueueAsked {
  /** Undefined when the URL of the queue has not the form of one of SQS. */
  readonly address: QueueAddress | undefined;
  /** The region that was asked. */
  readonly region: string;
  readonly role: AssumedRole | undefined;
  readonly use: QueueUse;
}

/** Stands in statements for what AWS did not tell. */
const UNKNOWN_SENDER = '<ARN of the role that the workers run as>';
const UNKNOWN_KEY = '<ARN of the key of the queue>';

/** What was not allowed: before the name of the queue, and without it. */
const ACTS: Readonly<Record<QueueUse, { readonly act: string; readonly bare: string }>> = {
  send: { act: 'send to', bare: 'send' },
  read: { act: 'read from', bare: 'read it' },
  set_aside: { act: 'use', bare: 'use it' },
};

/** Explains a failure of using a queue. Pure: all it knows is what SQS or STS answered and what was asked. */
export function explainRefusal(failure: SendError, asked: QueueAsked): Refusal {
  const { address, region } = asked;
  if (address?.region != null && address.region !== region)
    return advice(
      `The queue is in the region ${address.region}, as its URL says, and region ${region} was asked.`,
      `Remove region: from the ${ownerOf(asked)}, or write ${address.region}.`,
    );
  const denial = readDenial(failure.message);
  switch (failure.code) {
    case 'AccessDenied':
    case 'AccessDeniedException':
      return denial.action === 'sts:assumerole' ? explainAssuming(denial, asked) : explainUse(denial, asked);
    case 'KmsAccessDenied':
    case 'KMS.AccessDeniedException':
      return explainKey(denial, asked);
    default:
      return BY_CODE[failure.code ?? '']?.(asked) ?? byClass(failure, asked);
  }
}

function explainUse(denial: Denial, asked: QueueAsked): Refusal {
  const { address, region, role, use } = asked;
  const sender = denial.principal ?? role?.arn ?? UNKNOWN_SENDER;
  const queue = nameOf(asked);
  const { act, bare } = ACTS[use];
  if (denial.denies !== null || isGuard(denial.lacks)) return explainGuard(denial, `${act} ${queue}`, sender);
  if (address === undefined)
    return advice(
      `${sender} may not ${act} ${queue}.`,
      'Its owner adds a statement to the policy of the queue.',
    );
  const ofQueue = {
    where: `the policy of the queue ${address.name}, in account ${address.account}`,
    statement: queueStatement(sender, address, region, use),
  };
  const ofSender = {
    where: `an IAM policy of ${sender}`,
    statement: userStatement(address, region, use),
  };
  if (denial.lacks === 'resource-based')
    return missing(`The policy of ${queue} does not let ${sender} ${bare}.`, [ofQueue]);
  if (denial.lacks === 'identity-based')
    return missing(`No IAM policy of ${sender} lets it ${act} ${queue}.`, [ofSender]);
  const account = accountOf(sender);
  if (account === address.account)
    return missing(
      `${sender} may not ${act} ${queue}. It is of the same account, so one of these two statements is enough.`,
      [ofSender, ofQueue],
    );
  return missing(
    `${sender} may not ${act} ${queue}. ${account === null ? 'When it is of another account' : 'It is of another account, so'} both statements are needed.`,
    [ofQueue, ofSender],
  );
}

function explainAssuming(denial: Denial, asked: QueueAsked): Refusal {
  const { role } = asked;
  const sender = denial.principal ?? UNKNOWN_SENDER;
  const arn = role?.arn ?? denial.resource ?? '<ARN of the role>';
  if (denial.denies !== null || isGuard(denial.lacks)) return explainGuard(denial, `assume ${arn}`, sender);
  const ofRole = {
    where: `the trust policy of ${arn}`,
    statement: trustStatement(sender, role?.externalId),
  };
  const ofSender = { where: `an IAM policy of ${sender}`, statement: assumeStatement(arn) };
  if (denial.lacks === 'identity-based')
    return missing(`No IAM policy of ${sender} lets it assume ${arn}.`, [ofSender]);
  const said =
    role?.externalId === undefined
      ? `No external id was said: when the trust policy asks for one, write it as externalId: of the ${ownerOf(asked)}.`
      : `The external id of the ${ownerOf(asked)} was said; when it is not the one of the trust policy, correct either.`;
  if (denial.lacks !== null) return missing(`${arn} does not trust ${sender}. ${said}`, [ofRole]);
  return missing(
    `${sender} may not assume ${arn}. Both statements are needed, and STS does not say which one is missing, nor whether the role exists. ${said}`,
    [ofRole, ofSender],
  );
}

function explainKey(denial: Denial, asked: QueueAsked): Refusal {
  const sender = denial.principal ?? asked.role?.arn ?? UNKNOWN_SENDER;
  const queue = nameOf(asked);
  if (denial.denies !== null || isGuard(denial.lacks))
    return explainGuard(denial, `use the key of ${queue}`, sender);
  const ofKey = {
    where: `the policy of the KMS key of the queue`,
    statement: keyStatement(sender, asked.region),
  };
  const ofSender = {
    where: `an IAM policy of ${sender}`,
    statement: keyUseStatement(denial.resource ?? UNKNOWN_KEY),
  };
  const what = `${queue} is encrypted with a KMS key that ${sender} may not use (${denial.action ?? 'kms:GenerateDataKey'}).`;
  if (denial.lacks === 'resource-based') return missing(what, [ofKey]);
  if (denial.lacks === 'identity-based') return missing(what, [ofSender]);
  return missing(
    `${what} For a key of another account both statements are needed; the key aws/sqs, which AWS keeps, can be used from its own account only.`,
    [ofKey, ofSender],
  );
}

/** Policies that only narrow what others allow. */
function isGuard(kind: string | null): boolean {
  return kind !== null && !['resource-based', 'identity-based', 'role trust'].includes(kind);
}

function explainGuard({ lacks, denies }: Denial, act: string, sender: string): Refusal {
  return denies === null
    ? advice(
        `${sender} may not ${act}: its ${lacks ?? ''} policy does not allow it.`,
        'Whoever keeps that policy adds the action to what it allows; statements elsewhere do not help.',
      )
    : advice(
        `${sender} may not ${act}: an explicit deny in a policy (${denies}) forbids it.`,
        'Whoever keeps that policy removes the Deny or adds an exception to it; an Allow elsewhere does not help.',
      );
}

const NO_QUEUE = (asked: QueueAsked): Refusal =>
  advice(
    `There is no ${nameOf(asked)}, or it was deleted.`,
    'Compare account, region and name with the URL that its owner sees, or let the owner make it.',
  );
const BAD_CREDENTIALS = (): Refusal =>
  advice(
    'AWS does not accept the credentials that this environment has.',
    'Start the command as the workers are started; "aws sts get-caller-identity" shows who that is.',
  );
const KEY_STATE =
  (state: string, cure: string) =>
  (asked: QueueAsked): Refusal =>
    advice(`The KMS key with which ${nameOf(asked)} is encrypted ${state}.`, cure);
const KEY_ABSENT = KEY_STATE('does not exist', 'Its owner gives the queue a key that is there.');
const KEY_DISABLED = KEY_STATE('is disabled', 'Its owner enables the key.');
const KEY_UNUSABLE = KEY_STATE(
  'is pending deletion or otherwise unusable',
  'Its owner restores the key, or gives the queue another one.',
);
const KEY_USAGE = KEY_STATE(
  'is not for encryption',
  'Its owner gives the queue a symmetric key for ENCRYPT_DECRYPT.',
);

/** What can be said without more of the message, by the name of the error. */
const BY_CODE: Readonly<Record<string, (asked: QueueAsked) => Refusal>> = {
  QueueDoesNotExist: NO_QUEUE,
  'AWS.SimpleQueueService.NonExistentQueue': NO_QUEUE,
  InvalidAddress: NO_QUEUE,
  InvalidClientTokenId: BAD_CREDENTIALS,
  UnrecognizedClientException: BAD_CREDENTIALS,
  SignatureDoesNotMatch: BAD_CREDENTIALS,
  ExpiredToken: BAD_CREDENTIALS,
  ExpiredTokenException: BAD_CREDENTIALS,
  CredentialsProviderError: () =>
    advice(
      'The AWS SDK found no credentials in this environment.',
      'Start the command as the workers are started: with their variables, profile or instance role.',
    ),
  KmsNotFound: KEY_ABSENT,
  'KMS.NotFoundException': KEY_ABSENT,
  KmsDisabled: KEY_DISABLED,
  'KMS.DisabledException': KEY_DISABLED,
  KmsInvalidState: KEY_UNUSABLE,
  'KMS.InvalidStateException': KEY_UNUSABLE,
  KmsInvalidKeyUsage: KEY_USAGE,
  'KMS.InvalidKeyUsageException': KEY_USAGE,
};

function byClass({ failureClass, message }: SendError, asked: QueueAsked): Refusal {
  const what = `${nameOf(asked)} did not ${asked.use === 'send' ? 'take the message' : 'answer'}: ${message}`;
  switch (failureClass) {
    case 'throttled':
      return advice(what, 'Try again; workers do so by themselves.');
    case 'unavailable':
    case 'timeout':
      return advice(
        what,
        'Look whether this machine reaches SQS (network, proxy, VPC endpoint, AWS_ENDPOINT_URL_SQS); workers try again by themselves.',
      );
    case 'rejected':
    case 'not_found':
    case 'unauthorized':
    case 'conflict':
    case 'invalid_config':
    case 'data_error':
      return advice(what, 'Mend what SQS names there.');
  }
}

/** Where in reefline.yaml the queue is named. */
function ownerOf({ use }: QueueAsked): string {
  return use === 'send' ? 'endpoint' : 'source';
}

function nameOf({ address, region }: QueueAsked): string {
  return address === undefined
    ? 'the queue'
    : `queue ${address.name} of account ${address.account} in ${region}`;
}

function advice(what: string, cure: string): Refusal {
  return { what, cure, missing: [] };
}

function missing(what: string, statements: readonly MissingStatement[]): Refusal {
  return {
    what,
    cure: statements.length === 1 ? 'Add the statement below.' : 'Add the statements below.',
    missing: statements,
  };
}
