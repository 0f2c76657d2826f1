/** Exception names that this server answers with, as the model of @aws-sdk/client-athena spells them. */
export type FaultName = 'InvalidRequestException' | 'InternalServerException' | 'UnknownOperationException';

/** A refused request, in the service's own error shape. */
export class AthenaFault extends Error {
  override readonly name: FaultName;

  constructor(name: FaultName, message: string) {
    super(message);
    this.name = name;
  }

  get httpStatus(): number {
    return this.name === 'InternalServerException' ? 500 : 400;
  }
}

export function invalid(message: string): AthenaFault {
  return new AthenaFault('InvalidRequestException', message);
}

/** A query that was accepted and then failed. `category` 1 is the system's fault, 2 the user's; `type` as in the error catalog. */
export class QueryError extends Error {
  readonly category: 1 | 2 | 3;
  readonly type: number;
  readonly retryable: boolean;

  constructor(
    message: string,
    {
      category = 2,
      type = 1000,
      retryable = false,
    }: Partial<Pick<QueryError, 'category' | 'type' | 'retryable'>> = {},
  ) {
    super(message);
    this.category = category;
    this.type = type;
    this.retryable = retryable;
  }
}
