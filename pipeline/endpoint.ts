/** Where customers receive events. `queueUrl` is a URL or a reference such as `${env:CUSTOMER_QUEUE_URL}`. */
export interface EndpointDefinition {
  readonly name: string;
  readonly kind: 'sqs';
  readonly queueUrl: string;
  readonly region?: string;
}
