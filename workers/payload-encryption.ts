import { fileURLToPath } from 'node:url';
import type { DataConverter, Payload, PayloadCodec } from '@temporalio/common';
import { UnreadablePayload } from '../client/payload-codec.ts';
import { payloadCodecOf } from './payload-keys.ts';

/** What a client of Temporal is told of encryption: nothing when the environment names no keys. */
export function clientEncryption(environment: NodeJS.ProcessEnv): { dataConverter?: DataConverter } {
  const codec = payloadCodecOf(environment);
  return codec === undefined ? {} : { dataConverter: { payloadCodecs: [codec] } };
}

/** What workers are told of encryption; empty when the environment names no keys. Failures are encrypted with their texts. */
export function workerEncryption(environment: NodeJS.ProcessEnv): DataConverter {
  const codec = payloadCodecOf(environment);
  if (codec === undefined) return {};
  return {
    payloadCodecs: [leavingAltered(codec)],
    ...((environment['REEFLINE_PAYLOAD_KEY'] ?? '') === '' ? {} : ENCODED_FAILURES),
  };
}

const ENCODED_FAILURES: DataConverter = {
  failureConverterPath: fileURLToPath(new URL('../workflows/encoded-failures.ts', import.meta.url)),
};

/**
 * Anybody who may signal may send what no key opens, and a codec that throws fails the task for ever. So what was altered
 * stays as it is, for the workflow to refuse. A key that is missing is another thing: the same history must be read alike by
 * every worker, so the task waits for a worker that knows what the id stands for.
 */
function leavingAltered(codec: PayloadCodec): PayloadCodec {
  const open = async (payload: Payload): Promise<Payload> => {
    try {
      const [opened = payload] = await codec.decode([payload]);
      return opened;
    } catch (error) {
      if (error instanceof UnreadablePayload && error.reason === 'altered') return payload;
      throw error;
    }
  };
  return {
    encode: (payloads) => codec.encode(payloads),
    decode: (payloads) => Promise.all(payloads.map(open)),
  };
}
