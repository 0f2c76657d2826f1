import type { Queue } from '../connectors/sqs/client.ts';
import type { Refusal } from '../connectors/sqs/refusal.ts';
import type { FailureClass } from '../pipeline/failure.ts';
import type { SendError } from '../pipeline/outgoing.ts';

/** Why a probe failed, with what people can do about it. */
export interface ProbeError extends Refusal {
  readonly class: FailureClass;
  readonly code: string | null;
  readonly message: string;
}

export function probeError({ failureClass, code, message }: SendError, refusal: Refusal): ProbeError {
  return { class: failureClass, code: code ?? null, message, ...refusal };
}

/** The region that the client asks. Without one nothing could be asked, and the failure says so. */
export async function regionOf({ client }: Queue): Promise<string> {
  return client.config.region().catch(() => '<region>');
}
