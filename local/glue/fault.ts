/** Exception names that this server answers with, as the Glue API reference spells them. */
export type FaultCode =
  | 'AlreadyExistsException'
  | 'ConcurrentModificationException'
  | 'EntityNotFoundException'
  | 'InternalServiceException'
  | 'InvalidInputException'
  | 'InvalidStateException'
  | 'SerializationException'
  | 'UnknownOperationException'
  | 'ValidationException';

/** An answer in the service's own error shape. Everything else that is thrown becomes InternalServiceException. */
export class GlueFault extends Error {
  override readonly name = 'GlueFault';
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The per-entry error of a batch call. */
export interface ErrorDetail {
  readonly ErrorCode: FaultCode;
  readonly ErrorMessage: string;
}

/** Runs one entry of a batch and returns its error, so that one bad entry does not stop the others. */
export function attempt(entry: () => void): ErrorDetail | undefined {
  try {
    entry();
    return undefined;
  } catch (error) {
    if (error instanceof GlueFault) return { ErrorCode: error.code, ErrorMessage: error.message };
    throw error;
  }
}
