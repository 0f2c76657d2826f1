/** What the URL of a queue says. */
export interface QueueAddress {
  /** Twelve digits. */
  readonly account: string;
  readonly name: string;
  /** Null when the host is not one of AWS, such as that of a stand-in. */
  readonly region: string | null;
}

/** Hosts of SQS: of a region, with FIPS, of both IP versions, of a VPC endpoint, and the two old forms. */
const HOSTS: readonly RegExp[] = [
  /^sqs(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)$/,
  /^[a-z0-9-]+\.sqs\.([a-z0-9-]+)\.vpce\.amazonaws\.com(?:\.cn)?$/,
  /^([a-z0-9-]+)\.queue\.amazonaws\.com(?:\.cn)?$/,
];
const OLDEST_HOST = 'queue.amazonaws.com';
const OLDEST_REGION = 'us-east-1';

/** Reads a queue URL, `https://<host>/<account>/<name>`; undefined when it is none. */
export function parseQueueUrl(text: string): QueueAddress | undefined {
  const url = URL.parse(text);
  const path = /^\/(\d{12})\/([A-Za-z0-9_-]{1,80}(?:\.fifo)?)\/?$/.exec(url?.pathname ?? '');
  const [, account, name] = path ?? [];
  if (url === null || account === undefined || name === undefined) return undefined;
  const [region] = HOSTS.flatMap((host) => host.exec(url.hostname)?.[1] ?? []);
  return {
    account,
    name,
    region: region ?? (url.hostname === OLDEST_HOST ? OLDEST_REGION : null),
  };
}

/** `arn:aws:sqs:<region>:<account>:<name>`; `region` is that which the client asks. */
export function queueArn({ account, name }: QueueAddress, region: string): string {
  return `arn:${partitionOf(region)}:sqs:${region}:${account}:${name}`;
}

/** The part of AWS that a region belongs to, as ARNs name it (AWS, "General Reference", ARNs). */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}
