import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Md5, Sha256 } from '../../connectors/sqs/hashes.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const chunk = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 200 }));

describe('the hashes of a call to SQS', () => {
  test('are those of Node for whatever is given piece by piece, as text, bytes or a part of a buffer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(chunk), async (chunks) => {
        const all = [
          { ours: new Md5(), nodes: createHash('md5') },
          { ours: new Sha256(), nodes: createHash('sha256') },
        ];
        for (const { ours, nodes } of all) {
          for (const each of chunks) {
            ours.update(each);
            nodes.update(each);
          }
          expect(hex(await ours.digest())).toBe(nodes.digest('hex'));
        }
      }),
    );
    const sha = new Sha256();
    sha.update(new Uint8Array([1, 2, 3, 4]).subarray(1, 3));
    sha.update(new Uint8Array([5]).buffer);
    expect(hex(await sha.digest())).toBe(
      createHash('sha256')
        .update(Buffer.from([2, 3, 5]))
        .digest('hex'),
    );
  });

  test('are keyed by a secret as text or bytes, of whatever length', async () => {
    await fc.assert(
      fc.asyncProperty(chunk, chunk, async (secret, text) => {
        const ours = new Sha256(secret);
        ours.update(text);
        expect(hex(await ours.digest())).toBe(createHmac('sha256', secret).update(text).digest('hex'));
      }),
    );
  });
});
