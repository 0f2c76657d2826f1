import { defaultPayloadConverter, type LoadedDataConverter, type ProtoFailure } from '@temporalio/common';

/** What a failure says, also when its message travels encrypted; null when there is none. */
export async function failureText(
  { payloadCodecs }: LoadedDataConverter,
  failure: ProtoFailure | null | undefined,
): Promise<string | null> {
  const encoded = failure?.encodedAttributes;
  if (encoded == null) return failure?.message ?? null;
  let payloads = [encoded];
  for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads);
  const [opened] = payloads;
  const attributes: unknown = opened === undefined ? null : defaultPayloadConverter.fromPayload(opened);
  const message = (attributes as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : (failure?.message ?? null);
}
