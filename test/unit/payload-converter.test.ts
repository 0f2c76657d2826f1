import { describe, expect, test } from '@jest/globals';
import { METADATA_ENCODING_KEY, TemporalFailure } from '@temporalio/common';
import fc from 'fast-check';
import { payloadConverter } from '../../workflows/payload-converter.ts';
import { requireText } from '../../workflows/require-text.ts';

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
    const unknown = {
      metadata: { [METADATA_ENCODING_KEY]: Buffer.from('binary/rot13') },
      data: Buffer.from('x'),
    };
    expect(payloadConverter.fromPayload(unknown)).toEqual({
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

describe('a payload that nobody could decrypt', () => {
  const encrypted = {
    metadata: {
      [METADATA_ENCODING_KEY]: Buffer.from('binary/encrypted'),
      'encryption-key-id': Buffer.from('2026-11'),
    },
    data: Buffer.from('x'),
  };

  test('is a message to refuse, which names the key, when somebody sent it', () => {
    for (const context of [undefined, { type: 'workflow', namespace: 'n', workflowId: 'router/p' }] as const)
      expect(payloadConverter.fromPayload(encrypted, context)).toMatchObject({
        $undecodable: expect.stringContaining('encrypted with the key "2026-11"'),
      });
  });

  test('fails the task, which another worker tries again, and never the workflow, when it is its own', () => {
    const context = { type: 'activity', namespace: 'n', isLocal: true } as const;
    const reading = (): unknown => payloadConverter.fromPayload(encrypted, context);
    const input: unknown = payloadConverter.fromPayload(encrypted);
    for (const act of [reading, () => requireText(input, 'pipeline', '')]) {
      expect(act).toThrow('2026-11');
      expect(act).not.toThrow(TemporalFailure);
    }
    expect(() => requireText({ $undecodable: 'it is no JSON' }, 'pipeline', '')).toThrow(TemporalFailure);
  });
});
