/**
 * An error in the shape of the service: JSON 1.1 with `__type`, answered with 400 for the caller's faults and 500
 * for the server's. Names are those of the model of @aws-sdk/client-redshift-data.
 */
export type ServiceErrorName =
  | 'ValidationException'
  | 'ResourceNotFoundException'
  | 'ActiveStatementsExceededException'
  | 'DatabaseConnectionException'
  | 'ExecuteStatementException'
  | 'BatchExecuteStatementException'
  | 'InternalServerException'
  | 'UnknownOperationException';

const SERVER_FAULTS: ReadonlySet<ServiceErrorName> = new Set([
  'DatabaseConnectionException',
  'ExecuteStatementException',
  'BatchExecuteStatementException',
  'InternalServerException',
]);

export class ServiceError extends Error {
  readonly type: ServiceErrorName;
  readonly details: Readonly<Record<string, string>>;

  constructor(type: ServiceErrorName, message: string, details: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = type;
    this.type = type;
    this.details = details;
  }

  get httpStatus(): number {
    return SERVER_FAULTS.has(this.type) ? 500 : 400;
  }

  body(): Record<string, string> {
    return { __type: this.type, Message: this.message, ...this.details };
  }
}

export function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
