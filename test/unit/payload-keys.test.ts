import { describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { clientEncryption, workerEncryption } from '../../workers/payload-encryption.ts';
import { readPayloadKeys } from '../../workers/payload-keys.ts';
import { redactOwn } from '../../workers/redaction.ts';

const KEY = Buffer.alloc(32, 'lighthouse').toString('base64');
const OTHER = Buffer.alloc(32, 'keeper').toString('base64');
const NAMED = { K1: KEY, K2: OTHER };

function messageOf(environment: NodeJS.ProcessEnv): string {
  try {
    readPayloadKeys({ ...NAMED, ...environment });
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  throw new Error('it was not refused');
}

describe('the variables that name keys', () => {
  test('are absent by default, and then nothing is encrypted', () => {
    expect(readPayloadKeys(NAMED)).toBeUndefined();
    expect(clientEncryption(NAMED)).toEqual({});
    expect(workerEncryption(NAMED)).toEqual({});
  });

  test('refer to keys, say which encrypts, and refuse ids', () => {
    const list = '2026-11=${env:K1}, 2026-05=${env:K2}, stray=refused, *=refused';
    expect(readPayloadKeys({ ...NAMED, REEFLINE_PAYLOAD_KEYS: list })).toEqual({
      keys: {
        '2026-11': Buffer.from(KEY, 'base64'),
        '2026-05': Buffer.from(OTHER, 'base64'),
        stray: 'refused',
        '*': 'refused',
      },
    });
    const both = { ...NAMED, REEFLINE_PAYLOAD_KEYS: list, REEFLINE_PAYLOAD_KEY: '2026-05' };
    expect(readPayloadKeys(both)).toMatchObject({ encryptWith: '2026-05' });
  });

  test.each([
    ['a key that is written down', `a=${KEY}`, '', 'must refer to the key "a"'],
    ['a variable that is missing', 'a=${env:MISSING}', '', 'MISSING is not set'],
    ['a key that is too short', 'a=${env:SHORT}', '', 'SHORT does not hold 32 bytes'],
    ['no id', KEY, '', 'Entry 1 of REEFLINE_PAYLOAD_KEYS is no key'],
    ['an odd id', 'a b=${env:K1}', '', 'Entry 1 of'],
    ['a key for all others', '*=${env:K1}', '', 'Entry 1 of'],
    ['an id twice', 'a=${env:K1},a=${env:K2}', '', 'names the key "a" twice'],
    ['an unknown one that encrypts', 'a=${env:K1}', 'b', 'must be the id of a key'],
    ['a refused one that encrypts', 'a=refused', 'a', 'must be the id of a key'],
    ['a key in place of its id', 'a=${env:K1}', KEY, 'must be the id of a key'],
    ['one that encrypts and no list', '', 'a', 'must be the id of a key'],
  ])('are refused with the reason and without the key: %s', (_what, keys, key, expected) => {
    const message = messageOf({
      SHORT: KEY.slice(4),
      REEFLINE_PAYLOAD_KEYS: keys,
      REEFLINE_PAYLOAD_KEY: key,
    });
    expect(message).toContain(expected);
    for (const secret of [KEY, OTHER, KEY.slice(4)]) expect(message).not.toContain(secret);
  });

  test('have their keys taken out of texts like every other secret', () => {
    const environment = { ...NAMED, REEFLINE_PAYLOAD_KEYS: 'a=${env:K1}' };
    expect(redactOwn(`the key ${KEY} is wrong`, environment)).toBe('the key ${env:K1} is wrong');
  });
});

describe('a worker', () => {
  const environment = {
    ...NAMED,
    REEFLINE_PAYLOAD_KEYS: 'a=${env:K1}',
    REEFLINE_PAYLOAD_KEY: 'a',
  };
  const payload = defaultPayloadConverter.toPayload('lighthouse');

  test('leaves what was altered to the workflow, and waits for a key that it was not given', async () => {
    const [codec] = workerEncryption(environment).payloadCodecs ?? [];
    const [sealed = payload] = (await codec?.encode([payload])) ?? [];
    const altered = { ...sealed, data: Buffer.from('lighthouse') };
    const [opened, left] = (await codec?.decode([sealed, altered])) ?? [];
    expect(opened === undefined ? null : defaultPayloadConverter.fromPayload(opened)).toBe('lighthouse');
    expect(left).toBe(altered);
    const [other] =
      workerEncryption({ ...environment, REEFLINE_PAYLOAD_KEYS: 'b=${env:K2}', REEFLINE_PAYLOAD_KEY: '' })
        .payloadCodecs ?? [];
    await expect(other?.decode([sealed])).rejects.toThrow('encrypted with the key "a"');
  });

  test('encrypts the texts of failures exactly when it encrypts', () => {
    expect(workerEncryption(environment)).toHaveProperty('failureConverterPath');
    expect(workerEncryption({ ...environment, REEFLINE_PAYLOAD_KEY: '' })).not.toHaveProperty(
      'failureConverterPath',
    );
  });
});
