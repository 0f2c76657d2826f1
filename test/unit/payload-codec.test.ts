import { webcrypto } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import fc from 'fast-check';
import { createPayloadCodec, UnreadablePayload, type PayloadKeys } from '../../client/payload-codec.ts';

const OLD = Buffer.alloc(32, 'old');
const NEW = Buffer.alloc(32, 'new');
const MARK = 'lighthouse';

const codecOf = (keys: PayloadKeys['keys'], encryptWith?: string): ReturnType<typeof createPayloadCodec> =>
  createPayloadCodec({ keys, ...(encryptWith === undefined ? {} : { encryptWith }) });

const anyPayload = fc.record({
  metadata: fc.dictionary(
    fc.constantFrom('encoding', 'type', '__proto__x', 'ü'),
    fc.uint8Array({ maxLength: 20 }),
  ),
  data: fc.uint8Array({ maxLength: 300 }),
});

function plain({ metadata, data }: Payload): unknown {
  const entries = Object.entries(metadata ?? {}).map(([name, bytes]) => [
    name,
    Buffer.from(bytes).toString('hex'),
  ]);
  return { metadata: Object.fromEntries(entries) as unknown, data: Buffer.from(data ?? []).toString('hex') };
}

function payloadOf(value: unknown): Payload {
  return defaultPayloadConverter.toPayload(value);
}

async function sealedBy(codec: ReturnType<typeof createPayloadCodec>, value: unknown): Promise<Payload> {
  const [payload] = await codec.encode([payloadOf(value)]);
  if (payload === undefined) throw new Error('The codec lost it.');
  return payload;
}

describe('an encrypted payload', () => {
  test('opens to what it was, whatever it holds', async () => {
    const codec = codecOf({ new: NEW }, 'new');
    await fc.assert(
      fc.asyncProperty(fc.array(anyPayload, { maxLength: 4 }), async (payloads) => {
        const encoded = await codec.encode(payloads);
        expect(encoded.map(({ metadata }) => Buffer.from(metadata?.['encoding'] ?? []).toString())).toEqual(
          payloads.map(() => 'binary/encrypted'),
        );
        expect((await codec.decode(encoded)).map(plain)).toEqual(payloads.map(plain));
      }),
    );
  });

  test('holds nothing of its content or its key in clear, and is never twice the same', async () => {
    const codec = codecOf({ new: NEW }, 'new');
    const [first, second] = [await sealedBy(codec, MARK), await sealedBy(codec, MARK)];
    expect(Buffer.from(first.data ?? []).includes(MARK)).toBe(false);
    expect(Object.keys(first.metadata ?? {})).toEqual(['encoding', 'encryption-key-id']);
    expect(plain(first)).not.toEqual(plain(second));
  });

  test('has the layout of the samples of Temporal: nonce, ciphertext and tag of a payload in protobuf', async () => {
    const { data } = await sealedBy(codecOf({ new: NEW }, 'new'), MARK);
    const bytes = Buffer.from(data ?? []);
    const key = await webcrypto.subtle.importKey('raw', NEW, 'AES-GCM', false, ['decrypt']);
    const algorithm = { name: 'AES-GCM', iv: bytes.subarray(0, 12), tagLength: 128 };
    const text = await webcrypto.subtle.decrypt(algorithm, key, bytes.subarray(12));
    const inner = proto.temporal.api.common.v1.Payload.decode(new Uint8Array(text));
    expect(defaultPayloadConverter.fromPayload(inner)).toBe(MARK);
  });

  test('of which any byte was changed, or that was cut, is refused', async () => {
    const codec = codecOf({ new: NEW }, 'new');
    const sealed = await sealedBy(codec, MARK);
    const bytes = Buffer.from(sealed.data ?? []);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const data = Buffer.from(bytes);
        data[at] = (data[at] ?? 0) ^ flip;
        for (const altered of [data, bytes.subarray(0, at)])
          await expect(codec.decode([{ ...sealed, data: altered }])).rejects.toMatchObject({
            name: 'UnreadablePayload',
            reason: 'altered',
          });
      }),
    );
    await expect(codecOf({ new: OLD }).decode([sealed])).rejects.toBeInstanceOf(UnreadablePayload);
  });
});

describe('keys', () => {
  test('are changed by adding one: the named one encrypts, each opens what it encrypted', async () => {
    const before = await sealedBy(codecOf({ old: OLD }, 'old'), 1);
    const during = codecOf({ new: NEW, old: OLD }, 'old');
    const after = codecOf({ old: OLD, new: NEW }, 'new');
    const [fromDuring, fromAfter] = [await sealedBy(during, 2), await sealedBy(after, 3)];
    for (const codec of [during, after]) {
      const opened = await codec.decode([before, fromDuring, fromAfter, payloadOf(4)]);
      expect(opened.map((payload) => defaultPayloadConverter.fromPayload(payload))).toEqual([1, 2, 3, 4]);
    }
    expect(Buffer.from(fromAfter.metadata?.['encryption-key-id'] ?? []).toString()).toBe('new');
  });

  test('that nobody named are told of by their id alone', async () => {
    const sealed = await sealedBy(codecOf({ new: NEW }, 'new'), MARK);
    const error: unknown = await codecOf({ old: OLD }, 'old')
      .decode([sealed])
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      reason: 'unknown-key',
      message: expect.stringContaining('"new"') as unknown,
    });
    for (const key of [NEW, OLD])
      for (const encoding of ['utf8', 'hex', 'base64'] as const)
        expect(String(error)).not.toContain(key.toString(encoding));
  });

  test('that are refused leave what they encrypted as it is', async () => {
    const sealed = await sealedBy(codecOf({ new: NEW }, 'new'), MARK);
    for (const keys of [{ new: 'refused' }, { '*': 'refused' }] as const)
      expect(await codecOf(keys).decode([sealed])).toEqual([sealed]);
    // Those that are named are still read.
    const [opened] = await codecOf({ new: NEW, '*': 'refused' }).decode([sealed]);
    expect(opened === undefined ? null : defaultPayloadConverter.fromPayload(opened)).toBe(MARK);
  });

  test('read without encrypting while none is named for it', async () => {
    const sent = [payloadOf(MARK)];
    expect(await codecOf({ new: NEW }).encode(sent)).toEqual(sent);
  });

  test('of another length, and names of none, are refused at once', () => {
    expect(() => codecOf({ new: NEW.subarray(1) })).toThrow('"new" has 31 bytes');
    expect(() => codecOf({ new: NEW }, 'old')).toThrow('"old" shall encrypt');
    expect(() => codecOf({ new: 'refused' }, 'new')).toThrow('"new" shall encrypt');
  });
});
