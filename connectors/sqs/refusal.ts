import type { SendError } from '../../pipeline/outgoing.ts';
import type { AssumedRole } from './assumed-role.ts';
import {
  assumeStatement,
  keyStatement,
  keyUseStatement,
  queueStatement,
  senderStatement,
  trustStatement,
  type PolicyStatement,
} from './access-policies.ts';
import { accountOf, readDenial, type Denial } from './denial.ts';
import type { QueueAddress } from './queue-address.ts';

/** A statement that is not there, and whose policy should have it. */
export interface MissingStatement {
  readonly where: string;
  readonly statement: PolicyStatement;
}

/** Why SQS did not take a message, for people: what is wrong, what to do, and the policy statements to add. */
export interface Refusal {
  readonly what: string;
  readonly cure: string;
  readonly missing: readonly MissingStatement[];
}

/** Where a message was sent. */
export interface Sending {
  /** Undefined when the URL of the queue has not the form of one of SQS. */
  readonly address: QueueAddress | undefined;
  /** The region that was asked. */
  readonly region: string;
  readonly role: AssumedRole | undefined;
}

/** Stands in statements for what AWS did not tell. */
const UNKNOWN_SENDER = '<ARN of the role that the workers run as>';
const UNKNOWN_KEY = '<ARN of the key of the queue>';

/** Explains a failure of sending to a queue. Pure: all it knows is what SQS or STS answered and what was asked. */
export function explainRefusal(failure: SendError, sending: Sending): Refusal {
  const { address, region } = sending;
  if (address?.region != null && address.region !== region)
    return advice(
      `The queue is in the region ${address.region}, as its URL says, and region ${region} was asked.`,
      `Remove region: from the endpoint, or write ${address.region}.`,
    );
  const denial = readDenial(failure.message);
  switch (failure.code) {
    case 'AccessDenied':
    case 'AccessDeniedException':
      return denial.action === 'sts:assumerole'
        ? explainAssuming(denial, sending)
        : explainSending(denial, sending);
    case 'KmsAccessDenied':
    case 'KMS.AccessDeniedException':
      return explainKey(denial, sending);
    default:
      return BY_CODE[failure.code ?? '']?.(sending) ?? byClass(failure, sending);
  }
}

function explainSending(denial: Denial, sending: Sending): Refusal {
  const { address, region, role } = sending;
  const sender = denial.principal ?? role?.arn ?? UNKNOWN_SENDER;
  const queue = nameOf(sending);
  if (denial.denies !== null || isGuard(denial.lacks))
    return explainGuard(denial, `send to ${queue}`, sender);
  if (address === undefined)
    return advice(
      `${sender} may not send to ${queue}.`,
      'Its owner adds a statement to the policy of the queue.',
    );
  const ofQueue = {
    where: `the policy of the queue ${address.name}, in account ${address.account}`,
    statement: queueStatement(sender, address, region),
  };
  const ofSender = {
    where: `an IAM policy of ${sender}`,
    statement: senderStatement(address, region),
  };
  if (denial.lacks === 'resource-based')
    return missing(`The policy of ${queue} does not let ${sender} send.`, [ofQueue]);
  if (denial.lacks === 'identity-based')
    return missing(`No IAM policy of ${sender} lets it send to ${queue}.`, [ofSender]);
  const account = accountOf(sender);
  if (account === address.account)
    return missing(
      `${sender} may not send to ${queue}. It is of the same account, so one of these two statements is enough.`,
      [ofSender, ofQueue],
    );
  return missing(
    `${sender} may not send to ${queue}. ${account === null ? 'When it is of another account' : 'It is of another account, so'} both statements are needed.`,
    [ofQueue, ofSender],
  );
}

function explainAssuming(denial: Denial, { role }: Sending): Refusal {
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
      ? 'No external id was said: when the trust policy asks for one, write it as externalId: of the endpoint.'
      : 'The external id of the endpoint was said; when it is not the one of the trust policy, correct either.';
  if (denial.lacks !== null) return missing(`${arn} does not trust ${sender}. ${said}`, [ofRole]);
  return missing(
    `${sender} may not assume ${arn}. Both statements are needed, and STS does not say which one is missing, nor whether the role exists. ${said}`,
    [ofRole, ofSender],
  );
}

function explainKey(denial: Denial, sending: Sending): Refusal {
  const sender = denial.principal ?? sending.role?.arn ?? UNKNOWN_SENDER;
  const queue = nameOf(sending);
  if (denial.denies !== null || isGuard(denial.lacks))
    return explainGuard(denial, `use the key of ${queue}`, sender);
  const ofKey = {
    where: `the policy of the KMS key of the queue`,
    statement: keyStatement(sender, sending.region),
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

const NO_QUEUE = (sending: Sending): Refusal =>
  advice(
    `There is no ${nameOf(sending)}, or it was deleted.`,
    'Compare account, region and name with the URL that its owner sees, or let the owner make it.',
  );
const BAD_CREDENTIALS = (): Refusal =>
  advice(
    'AWS does not accept the credentials that this environment has.',
    'Start the command as the workers are started; "aws sts get-caller-identity" shows who that is.',
  );
const KEY_STATE =
  (state: string, cure: string) =>
  (sending: Sending): Refusal =>
    advice(`The KMS key with which ${nameOf(sending)} is encrypted ${state}.`, cure);
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
const BY_CODE: Readonly<Record<string, (sending: Sending) => Refusal>> = {
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

function byClass({ failureClass, message }: SendError, sending: Sending): Refusal {
  const what = `${nameOf(sending)} did not take the message: ${message}`;
  switch (failureClass) {
    case 'throttled':
      return advice(what, 'Try again; the publisher does so by itself.');
    case 'unavailable':
    case 'timeout':
      return advice(
        what,
        'Look whether this machine reaches SQS (network, proxy, VPC endpoint, AWS_ENDPOINT_URL_SQS); the publisher tries again by itself.',
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

function nameOf({ address, region }: Sending): string {
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
