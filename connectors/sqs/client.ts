import { SQSClient } from '@aws-sdk/client-sqs';
import { roleCredentials, type AssumedRole } from './assumed-role.ts';
import { Md5, Sha256 } from './hashes.ts';

export interface Queue {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/**
 * A client for SQS. Its address comes from the AWS SDK's standard environment, and so do region and credentials when they
 * are not given here.
 */
export function createSqsClient({
  region,
  role,
}: {
  readonly region?: string | undefined;
  readonly role?: AssumedRole | undefined;
}): SQSClient {
  return new SQSClient({
    ...(region === undefined ? {} : { region }),
    ...(role === undefined ? {} : { credentials: roleCredentials(role, region) }),
    // The queue URL names the queue; the host to call is the client's own endpoint, which may be another.
    useQueueUrlAsEndpoint: false,
    md5: Md5,
    sha256: Sha256,
    // A silent peer must not hold the publisher of an endpoint until the activity's own timeout.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
}
