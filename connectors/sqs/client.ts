import { SQSClient } from '@aws-sdk/client-sqs';

export interface Queue {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/** A client for SQS. Endpoint and credentials come from the AWS SDK's standard environment. */
export function createSqsClient(settings: { readonly region?: string }): SQSClient {
  return new SQSClient({
    ...(settings.region === undefined ? {} : { region: settings.region }),
    // The queue URL names the queue; the host to call is the client's own endpoint, which may be another.
    useQueueUrlAsEndpoint: false,
    // A silent peer must not hold the publisher of an endpoint until the activity's own timeout.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
}
