import { describe, expect, test } from '@jest/globals';
import { METADATA_ENCODING_KEY } from '@temporalio/common';
import fc from 'fast-check';
import { payloadConverter } from '../../workflows/payload-converter.ts';

function json(text: string | Uint8Array): { metadata: Record<string, Uint8Array>; data: Uint8Array } {
  return {
    metadata: { [METADATA_ENCODING_KEY]: Buffer.from('json/plain') },
    data: typeof text === 'string' ? Buffer.from(text) : text,
  };
}

describe('payloads that people send', () => {
  test('JSON comes back as it was sent', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const sent = JSON.parse(JSON.stringify(value)) as unknown;
        expect(payloadConverter.fromPayload(payloadConverter.toPayload(sent))).toEqual(sent);
      }),
    );
  });

  test('whatever bytes arrive, reading them does not fail, and what was read can be written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => JSON.stringify(payloadConverter.fromPayload(json(bytes)))).not.toThrow();
      }),
    );
  });

  test('what is no JSON, or has an unknown encoding, says so', () => {
    expect(payloadConverter.fromPayload(json('{"event_type": data}'))).toEqual({
      $undecodable: expect.stringContaining('JSON'),
    });
    const encrypted = {
      metadata: { [METADATA_ENCODING_KEY]: Buffer.from('binary/encrypted') },
      data: Buffer.from('x'),
    };
    expect(payloadConverter.fromPayload(encrypted)).toEqual({
      $undecodable: expect.stringContaining('encoding'),
    });
    expect(payloadConverter.fromPayload({ data: Buffer.from('1') })).toEqual({
      $undecodable: expect.any(String),
    });
  });

  test('a nesting so deep that writing it again would fail is refused', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(payloadConverter.fromPayload(json(deep))).toEqual({
      $undecodable: 'it nests more than 100 levels deep',
    });
    const objects = `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`;
    expect(payloadConverter.fromPayload(json(objects))).toHaveProperty('$undecodable');
  });

  test('a short payload can be written again however deep it nests', () => {
    const deep = `${'['.repeat(2_000)}${']'.repeat(2_000)}`;
    const value = payloadConverter.fromPayload<unknown>(json(deep));
    expect(JSON.stringify(value, (_key, inner: unknown) => inner)).toBe(deep);
  });

  test('brackets inside of texts are no nesting', () => {
    const text = JSON.stringify({ error: `${'['.repeat(5_000)}\\"{` });
    expect(payloadConverter.fromPayload(json(text))).toEqual(JSON.parse(text));
  });
});
