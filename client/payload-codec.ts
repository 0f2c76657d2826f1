import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

/*
 * The layout is that of Temporal's samples of encryption in every language, so that services may use those: the plaintext is
 * the payload in protobuf, the data are nonce, ciphertext and tag, and the metadata name the encoding and the key.
 */
const ENCRYPTED = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const { Payload: WirePayload } = proto.temporal.api.common.v1;

/** Keys for payloads. Ids travel in clear beside what they encrypted; keys travel nowhere. */
export interface PayloadKeys {
  /** 32 bytes for each id, or `refused` for an id that is none of ours: what it encrypted stays as it is. `*` stands for all others. */
  readonly keys: Readonly<Record<string, Uint8Array | 'refused'>>;
  /** Id of the key that encrypts. Without it nothing is encrypted, and what the keys open is read. */
  readonly encryptWith?: string;
}

/** A payload that no key opens. Its message names the id of the key, never the key. */
export class UnreadablePayload extends Error {
  override readonly name = 'UnreadablePayload';
  /** `unknown-key`: nobody has said what the id stands for. `altered`: the key is there, and it is not what encrypted this. */
  readonly reason: 'unknown-key' | 'altered';

  constructor(reason: UnreadablePayload['reason'], id: string) {
    // Whoever sends a payload chooses it.
    const keyId = id.slice(0, 100).replaceAll(/[^ -~]/g, '?');
    super(
      reason === 'unknown-key'
        ? `A payload is encrypted with the key "${keyId}", which is not among those that this process has. Give the key to it, or say that the id is refused.`
        : `A payload names the key "${keyId}", and that key does not open it: it was altered, or encrypted with another key of the same name.`,
    );
    this.reason = reason;
  }
}

/**
 * Encrypts each payload by AES-256-GCM and opens those that one of the keys encrypted; payloads in clear pass, so that what was
 * recorded before stays readable.
 * @throws TypeError for a key that has not 32 bytes, or an `encryptWith` that is no key.
 */
export function createPayloadCodec({ keys, encryptWith }: PayloadKeys): PayloadCodec {
  const { '*': others, ...named } = keys;
  const ring = new Map(Object.entries(named));
  const refusesOthers = others === 'refused';
  for (const [id, key] of ring)
    if (key !== 'refused' && key.length !== KEY_BYTES)
      throw new TypeError(`The key "${id}" has ${key.length} bytes. A key of AES-256 has 32.`);
  const own = encryptWith === undefined ? undefined : ring.get(encryptWith);
  if (encryptWith !== undefined && (own === undefined || own === 'refused'))
    throw new TypeError(`"${encryptWith}" shall encrypt, and is not the id of a key.`);
  const seal = (payload: Payload): Payload =>
    own === undefined || own === 'refused' || encryptWith === undefined
      ? payload
      : sealed(payload, encryptWith, own);
  const open = (payload: Payload): Payload => {
    const id = keyIdOf(payload);
    if (id === undefined) return payload;
    const key = ring.get(id) ?? (refusesOthers ? 'refused' : undefined);
    if (key === undefined) throw new UnreadablePayload('unknown-key', id);
    return key === 'refused' ? payload : opened(payload, id, key);
  };
  return {
    encode: (payloads) => settled(() => payloads.map(seal)),
    decode: (payloads) => settled(() => payloads.map(open)),
  };
}

/** The id of the key that encrypted the payload; undefined when it is in clear. */
function keyIdOf({ metadata }: Payload): string | undefined {
  if (textOf(metadata?.['encoding']) !== ENCRYPTED) return undefined;
  return textOf(metadata?.['encryption-key-id']);
}

function sealed(payload: Payload, id: string, key: Uint8Array): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  const text = WirePayload.encode(payload).finish();
  return {
    metadata: { encoding: Buffer.from(ENCRYPTED), 'encryption-key-id': Buffer.from(id) },
    data: Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]),
  };
}

function opened({ data }: Payload, id: string, key: Uint8Array): Payload {
  try {
    const bytes = Buffer.from(data ?? []);
    const end = bytes.length - TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(bytes.subarray(end));
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, end)), decipher.final()]);
    return WirePayload.decode(text);
  } catch {
    throw new UnreadablePayload('altered', id);
  }
}

function textOf(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('utf8');
}

/** What the call returns or throws, as a promise. */
async function settled<T>(call: () => T): Promise<T> {
  return Promise.resolve(call());
}
