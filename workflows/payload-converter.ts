import {
  defaultPayloadConverter,
  type Payload,
  type PayloadConverter,
  type SerializationContext,
} from '@temporalio/common';
import { storableText } from '../pipeline/storable.ts';

/** Payloads longer than this may nest deeply enough to exhaust the stack when they are written again. */
const CHECKED_BYTES = 4096;
const MAX_DEPTH = 100;

/**
 * The default converter, made total: what it cannot decode becomes a value that says so. People signal routers by
 * hand, and one payload that is not JSON would otherwise fail the router's task for ever.
 */
class TolerantPayloadConverter implements PayloadConverter {
  toPayload(value: unknown): Payload {
    return defaultPayloadConverter.toPayload(value);
  }

  // The SDK's interface trusts its caller with the type; so does this.
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  fromPayload<T>(payload: Payload, context?: SerializationContext): T {
    const encrypted = unopened(payload);
    if (encrypted !== undefined) {
      // What an activity returned nobody else can have sent: this worker lacks the key, and another one may have it.
      if (context?.type === 'activity') throw new Error(encrypted.$undecodable);
      return encrypted as T;
    }
    try {
      if (depthOf(payload.data) > MAX_DEPTH) return undecodable('it nests more than 100 levels deep') as T;
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch (error) {
      return undecodable(error instanceof Error ? error.message : 'it cannot be decoded') as T;
    }
  }
}

/** A payload that is still encrypted where a workflow reads it. */
export interface Unopened {
  readonly $undecodable: string;
  /** Id of the key. */
  readonly $encrypted: string;
}

function unopened({ metadata }: Payload): Unopened | undefined {
  if (ascii(metadata?.['encoding']) !== 'binary/encrypted') return undefined;
  const key = storableText(ascii(metadata?.['encryption-key-id']), 100);
  const reason = `it is encrypted with the key "${key}", which does not open it, or which this worker does not have`;
  return { $undecodable: reason, $encrypted: key };
}

function ascii(bytes: Uint8Array | null | undefined): string {
  return Array.from(bytes ?? [], (byte) => String.fromCharCode(byte)).join('');
}

function undecodable(reason: string): { $undecodable: string } {
  return { $undecodable: storableText(reason, 300) };
}

/** Deepest nesting of brackets in JSON text; 0 for short payloads, which cannot be deep enough to hurt. */
function depthOf(data: Uint8Array | null | undefined): number {
  if (data == null || data.length < CHECKED_BYTES) return 0;
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < data.length; at += 1) {
    const byte = data[at];
    if (inString) {
      if (byte === 0x5c) at += 1;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, (depth += 1));
    else if (byte === 0x5d || byte === 0x7d) depth -= 1;
  }
  return deepest;
}

export const payloadConverter: PayloadConverter = new TolerantPayloadConverter();
