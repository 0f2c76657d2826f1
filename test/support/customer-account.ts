import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSts } from '../../local/sts.ts';
import { fromEnvironment } from './local-cloud.ts';

/** An account of a customer: its role can be assumed, and its queues can be used by that role alone. */
export interface CustomerAccount {
  /** Variables with which the AWS SDK talks to this account. */
  readonly env: Readonly<Record<string, string>>;
  /** From now on the key of its queues refuses the role, as KMS does: in the entries of an answer. */
  refuseKey(): void;
  stop(): Promise<void>;
}

/** Access key ids of assumed roles begin so (AWS, "IAM User Guide", unique identifiers). */
const ROLE_SESSION = /Credential=ASIA/;

/** Stands before the SQS of the local cloud, which itself lets everybody do everything. */
export async function openCustomerAccount(role: {
  readonly arn: string;
  readonly externalId: string;
}): Promise<CustomerAccount> {
  const sts = await startSts({
    host: '127.0.0.1',
    port: 0,
    roles: { [role.arn]: { externalId: role.externalId } },
  });
  let keyRefuses = false;
  const sqs = new URL(fromEnvironment('AWS_ENDPOINT_URL_SQS'));
  const server = createServer((request, response) => {
    if (!ROLE_SESSION.test(request.headers.authorization ?? '')) return void refuse(request, response);
    if (keyRefuses) return void refuseEntries(request, response);
    const onward = forward(
      {
        host: sqs.hostname,
        port: sqs.port,
        path: request.url,
        method: request.method,
        headers: request.headers,
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: { AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${String(port)}`, AWS_ENDPOINT_URL_STS: sts.url },
    refuseKey: () => {
      keyRefuses = true;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await sts.stop();
    },
  };
}

async function refuse(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { QueueUrl = '' } = JSON.parse(await textOf(request)) as { QueueUrl?: string };
  const [account = '', name = ''] = new URL(QueueUrl).pathname.split('/').slice(1);
  // `AmazonSQS.SendMessageBatch`: calls of batches have no actions of their own.
  const [, call = ''] = String(request.headers['x-amz-target']).split('.');
  const action = `sqs:${call.replace(/Batch$/u, '').toLowerCase()}`;
  response.writeHead(403, {
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-query-error': 'AccessDenied;Sender',
  });
  response.end(
    JSON.stringify({
      __type: 'com.amazon.coral.service#AccessDeniedException',
      Message: `User: arn:aws:sts::111122223333:assumed-role/reefline-worker/i-0abc is not authorized to perform: ${action} on resource: arn:aws:sqs:us-east-1:${account}:${name} because no resource-based policy allows the ${action} action`,
    }),
  );
}

async function refuseEntries(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { Entries = [] } = JSON.parse(await textOf(request)) as { Entries?: { Id: string }[] };
  const Message =
    'User: arn:aws:sts::444455556666:assumed-role/reefline-events/reefline-customers is not authorized to perform: kms:GenerateDataKey on resource: arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab because no resource-based policy allows the kms:GenerateDataKey action (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException)';
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(
    JSON.stringify({
      Successful: [],
      Failed: Entries.map(({ Id }) => ({
        Id,
        SenderFault: true,
        Code: 'KMS.AccessDeniedException',
        Message,
      })),
    }),
  );
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
