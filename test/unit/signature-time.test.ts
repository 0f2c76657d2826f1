import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetDatabasesCommand, GlueClient } from '@aws-sdk/client-glue';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test } from '@jest/globals';
import { refusedTime, refuseSignature, refuseSignatureAtStore } from '../../local/signature-time.ts';

const NOW = Date.UTC(2020, 2, 3, 11, 25, 47);
const HOUR = 3_600_000;
const settings = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

type Refuse = (request: IncomingMessage, response: ServerResponse, now: number) => boolean;

/** A service whose clock differs from that of its callers by `by` milliseconds; answers how many requests it got. */
async function withService(
  refuse: Refuse,
  by: number,
  work: (endpoint: string) => Promise<unknown>,
): Promise<number> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    const now = Date.now() + by;
    response.setHeader('date', new Date(now).toUTCString());
    if (refuse(request, response, now)) return;
    request.resume();
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    request.on('end', () => response.end(request.method === 'PUT' ? '' : '{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    return requests;
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('the time of a signature', () => {
  test('is refused beyond the minutes that the service forgives, on both sides', () => {
    expect(refusedTime('20200303T112047Z', NOW, 5)).toBeUndefined();
    expect(refusedTime('20200303T112046Z', NOW, 5)).toContain('Signature expired: 20200303T112046Z');
    expect(refusedTime('20200303T113047Z', NOW, 5)).toBeUndefined();
    expect(refusedTime('20200303T113048Z', NOW, 5)).toContain('Signature not yet current');
    expect(refusedTime(undefined, NOW, 5)).toBeUndefined();
  });

  test.each([
    ['Glue', refuseSignature, 1],
    ['Glue', refuseSignature, -30],
    ['SQS', refuseSignatureAtStore, 2],
    ['SQS', refuseSignatureAtStore, -2],
    ['S3', refuseSignatureAtStore, 3],
    ['S3', refuseSignatureAtStore, -36],
  ] as const)(
    'of a client whose clock is wrong is refused by %s once, and then right',
    async (service, refuse, hours) => {
      const requests = await withService(refuse, hours * HOUR, async (endpoint) => {
        const glue = new GlueClient(settings(endpoint));
        const sqs = new SQSClient(settings(endpoint));
        const s3 = new S3Client({ ...settings(endpoint), forcePathStyle: true });
        const object = { Bucket: 'lake', Key: 'a', Body: Buffer.from('rows') };
        const ask = async (): Promise<unknown> => {
          if (service === 'Glue') return glue.send(new GetDatabasesCommand({}));
          if (service === 'SQS') return sqs.send(new ListQueuesCommand({}));
          return s3.send(new PutObjectCommand(object));
        };
        await ask();
        await ask();
      });
      expect(requests).toBe(3);
    },
  );
});
