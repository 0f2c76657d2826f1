import type { Payload } from '@temporalio/common';

/** Payloads as the protobuf rules for JSON write them: bytes are base64. */
export interface PayloadsJson {
  readonly payloads: readonly {
    readonly metadata: Readonly<Record<string, string>>;
    readonly data: string;
  }[];
}

/** Reads the body of a request; undefined when it is not what the Web UI and the CLI of Temporal send. */
export function readPayloads(body: string): Payload[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { payloads } = fieldsOf(parsed) ?? {};
  if (!Array.isArray(payloads)) return undefined;
  const read = (payloads as unknown[]).map(readPayload);
  return read.every((payload) => payload !== undefined) ? read : undefined;
}

export function writePayloads(payloads: readonly Payload[]): PayloadsJson {
  return {
    payloads: payloads.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)]),
      ),
      data: base64(data ?? new Uint8Array()),
    })),
  };
}

function readPayload(value: unknown): Payload | undefined {
  const { metadata = {}, data = '' } = fieldsOf(value) ?? { metadata: undefined, data: null };
  const entries = Object.entries(fieldsOf(metadata) ?? { wrong: null });
  if (typeof data !== 'string' || !entries.every(([, bytes]) => typeof bytes === 'string')) return undefined;
  return {
    metadata: Object.fromEntries(
      entries.map(([name, bytes]) => [name, Buffer.from(String(bytes), 'base64')]),
    ),
    data: Buffer.from(data, 'base64'),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : undefined;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
