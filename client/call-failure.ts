import {
  NamespaceNotFoundError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/common';

/** Why a call to the Temporal server failed, and what that means for the signal that it carried. */
export type CallFailure =
  /** It may succeed later. `mayHaveArrived`: the server may have taken the signal although its answer was lost. */
  | { readonly kind: 'passing'; readonly mayHaveArrived: boolean; readonly reason: string }
  /** It fails every time until somebody acts. `routerEnded`: the server gave up the router and what it had not accepted. */
  | { readonly kind: 'lasting'; readonly routerEnded: boolean; readonly reason: string };

/** The router holds so many bytes that no worker has taken that more would endanger them. */
export class RouterFull extends Error {
  override readonly name = 'RouterFull';

  constructor(bytes: number) {
    super(
      `the router holds ${String(Math.round(bytes / 1e6))} MB that no worker has taken, and the server ends it above ` +
        '50 MB; start a Reefline worker',
    );
  }
}

/** gRPC status codes (grpc.io, "Status codes") that pass by themselves, and in words what they mean. */
const PASSING: ReadonlyMap<number, string> = new Map([
  [1, 'the connection was lost'],
  [2, 'the server or a proxy before it failed'],
  [4, 'the server did not answer in time'],
  [8, 'the server is busy, or the namespace is over its rate limit'],
  [10, 'the server aborted the call'],
  [13, 'the server or the connection failed'],
  [14, 'the server cannot be reached'],
]);

/** Others that have a cure of their own. */
const CURES: ReadonlyMap<number, string> = new Map([
  [
    3,
    'When it is a limit of size, send smaller events, with the address of their data in "uri"; else correct what it names.',
  ],
  [5, 'Check the address and the namespace of the client.'],
  [7, "Give the client's API key or certificate the right to write to the namespace."],
  [12, 'Check that the address of the client is a Temporal server of version 1.20 or newer.'],
  [
    16,
    'Give the client a valid API key or certificate, such as TEMPORAL_API_KEY or TEMPORAL_TLS_…, and check that it has not expired.',
  ],
]);

/** Texts of the Temporal server; nothing else tells these from other invalid arguments. */
const SIGNAL_LIMIT = 'exceeded workflow execution limit for signal events';
const HISTORY_LIMIT = 'Workflow history size exceeds limit';
/** gRPC's own refusal of a message above 4 MiB, under the code of a busy server. */
const MESSAGE_LIMIT = 'message larger than max';

/** Says of anything that a call threw whether it passes by itself. */
export function readFailure(error: unknown): CallFailure {
  const chain = causesOf(error);
  const known = knownError(chain);
  if (known !== undefined) return known;
  const { code, text } = grpcStatus(chain);
  if (text.includes(SIGNAL_LIMIT)) {
    return passing(
      false,
      'the router holds 10,000 signals that no worker has taken, as many as the server allows; start a Reefline worker',
    );
  }
  if (text.includes(HISTORY_LIMIT)) return lasting(ENDED, true);
  const meaning = code === undefined ? undefined : PASSING.get(code);
  if (meaning !== undefined && !text.includes(MESSAGE_LIMIT)) return passing(true, `${meaning} (${text})`);
  const cure = code === undefined ? 'Check that the client and its connection are open.' : CURES.get(code);
  return lasting(`The Temporal server did not take the signal: ${text}. ${cure ?? ''}`.trim());
}

const ENDED =
  'The history of the router grew beyond what the server allows (50 MB) because no worker took its events, and the ' +
  'server has ended it. Events that it had not accepted are lost, those of other senders too. Start a Reefline worker, ' +
  'then let every sender repeat what it sent since the last worker stopped.';

function knownError(chain: readonly Error[]): CallFailure | undefined {
  for (const error of chain) {
    if (error instanceof RouterFull) return passing(false, error.message);
    if (error instanceof NamespaceNotFoundError) {
      return lasting(
        `The Temporal server does not know the namespace "${error.namespace}". Give the client the namespace of Reefline's workers (TEMPORAL_NAMESPACE).`,
      );
    }
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      return passing(false, 'another sender was starting the router at the same time');
    }
    if (error instanceof WorkflowNotFoundError) {
      return lasting(`The Temporal server did not take the signal: ${error.message}. ${CURES.get(5) ?? ''}`);
    }
  }
  return undefined;
}

function grpcStatus(chain: readonly Error[]): { code: number | undefined; text: string } {
  const answer = chain.find((error) => typeof (error as { code?: unknown }).code === 'number');
  const { code, details } = (answer ?? {}) as { code?: number; details?: unknown };
  const text = typeof details === 'string' && details !== '' ? details : chain.at(-1)?.message;
  return { code, text: (text ?? 'unknown error').trim().replace(/\.$/, '') };
}

/** The error, its cause, the cause of that …, at most ten of them. */
function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let at: unknown = error; at instanceof Error && chain.length < 10; at = at.cause) chain.push(at);
  return chain.length > 0 ? chain : [new Error(String(error))];
}

function passing(mayHaveArrived: boolean, reason: string): CallFailure {
  return { kind: 'passing', mayHaveArrived, reason };
}

function lasting(reason: string, routerEnded = false): CallFailure {
  return { kind: 'lasting', routerEnded, reason };
}
