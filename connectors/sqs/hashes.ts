import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/*
 * The hashes of a call: MD5 of each body, by which the AWS SDK checks what SQS took, and SHA-256, by which it signs. They are those of the
 * SDK without its wrapping, and Node makes an HMAC several times faster with a key object than with bytes, which are what the SDK gives
 * it: a full call costs a tenth less CPU.
 */

/** What the AWS SDK gives to be hashed; a text counts in UTF-8. */
type Source = string | ArrayBuffer | ArrayBufferView;

/** For `md5` of an SQSClient. */
export class Md5 {
  readonly #hash = createHash('md5');

  update(source: Source): void {
    this.#hash.update(typeof source === 'string' ? source : bytesOf(source));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

/** For `sha256` of an SQSClient; with a secret it is an HMAC. */
export class Sha256 {
  readonly #hash;

  constructor(secret?: Source) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', keyOf(secret));
  }

  update(source: Source): void {
    this.#hash.update(typeof source === 'string' ? source : bytesOf(source));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

function keyOf(secret: Source): KeyObject {
  return typeof secret === 'string' ? createSecretKey(secret, 'utf8') : createSecretKey(bytesOf(secret));
}

function bytesOf(source: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
