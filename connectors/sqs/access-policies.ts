import type { QueueAddress } from './queue-address.ts';
import { queueArn } from './queue-address.ts';

/** A statement of an IAM policy, of a queue policy or of a key policy, as AWS reads it in JSON. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Principal?: { readonly AWS: string };
  readonly Action: string | readonly string[];
  readonly Resource?: string;
  readonly Condition?: { readonly StringEquals: Readonly<Record<string, string>> };
}

/** A policy that has nothing else in it. */
export function policyOf(...statements: readonly PolicyStatement[]): object {
  return { Version: '2012-10-17', Statement: statements };
}

/** What a queue is for: it is sent events, its messages become events, or it keeps those that could not. */
export type QueueUse = 'send' | 'read' | 'set_aside';

/** Batches have no actions of their own (AWS, "Service Authorization Reference", SQS). Attributes are what a test asks for. */
const USES: Readonly<
  Record<QueueUse, { readonly ofQueue: string; readonly ofUser: string; readonly actions: string | string[] }>
> = {
  send: { ofQueue: 'ReeflineSendsEvents', ofUser: 'SendEvents', actions: 'sqs:SendMessage' },
  read: {
    ofQueue: 'ReeflineReadsMessages',
    ofUser: 'ReadMessages',
    actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  },
  set_aside: {
    ofQueue: 'ReeflineSetsMessagesAside',
    ofUser: 'SetMessagesAside',
    actions: ['sqs:SendMessage', 'sqs:GetQueueAttributes'],
  },
};

/** In the policy of the queue: lets `user` use it, whichever account it is of. */
export function queueStatement(
  user: string,
  queue: QueueAddress,
  region: string,
  use: QueueUse = 'send',
): PolicyStatement {
  const { ofQueue, actions } = USES[use];
  return {
    Sid: ofQueue,
    Effect: 'Allow',
    Principal: { AWS: user },
    Action: actions,
    Resource: queueArn(queue, region),
  };
}

/** In a policy of the role that uses the queue. */
export function userStatement(queue: QueueAddress, region: string, use: QueueUse = 'send'): PolicyStatement {
  const { ofUser, actions } = USES[use];
  return { Sid: ofUser, Effect: 'Allow', Action: actions, Resource: queueArn(queue, region) };
}

/** In the policy of the key of an encrypted queue: what a sender needs (AWS, "Amazon SQS Developer Guide", key management). */
export function keyStatement(sender: string, region: string): PolicyStatement {
  return {
    Sid: 'ReeflineSendsEvents',
    Effect: 'Allow',
    Principal: { AWS: sender },
    Action: KEY_ACTIONS,
    Resource: '*',
    Condition: { StringEquals: { 'kms:ViaService': `sqs.${region}.amazonaws.com` } },
  };
}

/** In a policy of the sending role, for the key of an encrypted queue. */
export function keyUseStatement(keyArn: string): PolicyStatement {
  return { Sid: 'EncryptEvents', Effect: 'Allow', Action: KEY_ACTIONS, Resource: keyArn };
}

const KEY_ACTIONS = ['kms:GenerateDataKey', 'kms:Decrypt'] as const;

/** In a policy of the role of Reefline's workers: lets them assume the role of an endpoint or a source. */
export function assumeStatement(roleArn: string): PolicyStatement {
  return { Sid: 'AssumeRoleOfQueue', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn };
}

/** In the trust policy of that role. */
export function trustStatement(sender: string, externalId: string | undefined): PolicyStatement {
  return {
    Sid: 'ReeflineAssumesThisRole',
    Effect: 'Allow',
    Principal: { AWS: sender },
    Action: 'sts:AssumeRole',
    ...(externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
  };
}
