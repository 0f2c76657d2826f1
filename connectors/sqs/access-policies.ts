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
export function policyOf(statement: PolicyStatement): object {
  return { Version: '2012-10-17', Statement: [statement] };
}

/** In the policy of the queue: lets `sender` send, whichever account it is of. */
export function queueStatement(sender: string, queue: QueueAddress, region: string): PolicyStatement {
  return {
    Sid: 'ReeflineSendsEvents',
    Effect: 'Allow',
    Principal: { AWS: sender },
    Action: 'sqs:SendMessage',
    Resource: queueArn(queue, region),
  };
}

/** In a policy of the sending role. SendMessageBatch has no action of its own (AWS, "Service Authorization Reference", SQS). */
export function senderStatement(queue: QueueAddress, region: string): PolicyStatement {
  return {
    Sid: 'SendEvents',
    Effect: 'Allow',
    Action: 'sqs:SendMessage',
    Resource: queueArn(queue, region),
  };
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

/** In a policy of the role of Reefline's workers: lets them assume the role of an endpoint. */
export function assumeStatement(roleArn: string): PolicyStatement {
  return { Sid: 'AssumeRoleOfQueue', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn };
}

/** In the trust policy of the role of an endpoint. */
export function trustStatement(sender: string, externalId: string | undefined): PolicyStatement {
  return {
    Sid: 'ReeflineAssumesThisRole',
    Effect: 'Allow',
    Principal: { AWS: sender },
    Action: 'sts:AssumeRole',
    ...(externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
  };
}
