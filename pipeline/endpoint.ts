import type { Outcome } from './outcome.ts';

/** Where customers receive events. `queueUrl` is a URL or a reference such as `${env:CUSTOMER_QUEUE_URL}`. */
export interface EndpointDefinition {
  readonly name: string;
  readonly kind: 'sqs';
  readonly queueUrl: string;
  readonly region?: string;
  /** Outcomes of data events that are forwarded, `SUCCESS` and `FAILURE` as for inputs; all when absent. Schema changes always are. */
  readonly on?: readonly Outcome[];
}
