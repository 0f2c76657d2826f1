/** What AWS says when it denies something, as far as it says it. */
export interface Denial {
  /** ARN of who asked, as a policy names it; null when the text does not say. */
  readonly principal: string | null;
  /** Such as `sqs:sendmessage`, in small letters; null when the text does not say. */
  readonly action: string | null;
  readonly resource: string | null;
  /** Kind of the policy in which an Allow is missing: `resource-based`, `identity-based`, `service control` … */
  readonly lacks: string | null;
  /** Kind of the policy that has a Deny. */
  readonly denies: string | null;
}

const SENTENCE = /User: (\S+) is not authorized to perform: (\S+)(?: on resource: (\S+))?/;
const LACKS = /because no ([a-z][a-z -]*?)(?: policy)? allows/i;
const DENIES = /with an explicit deny in (?:an?|the) ([a-z][a-z -]*?)(?: policy)?(?=[:.,;()]|\s*$)/i;

/** Reads the sentence that IAM writes for most services (AWS, "IAM User Guide", troubleshooting access denied messages). */
export function readDenial(text: string): Denial {
  const [, principal, action, resource] = SENTENCE.exec(text) ?? [];
  return {
    principal: principal === undefined ? null : roleOf(principal),
    action: action?.toLowerCase() ?? null,
    resource: resource ?? null,
    lacks: LACKS.exec(text)?.[1] ?? null,
    denies: DENIES.exec(text)?.[1] ?? null,
  };
}

/** The account in an ARN. */
export function accountOf(arn: string): string | null {
  return /^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:(\d{12}):/.exec(arn)?.[1] ?? null;
}

/** The role behind a session, which is what policies name. The path of the role is not in the ARN of its sessions. */
function roleOf(arn: string): string {
  return arn.replace(/^arn:([a-z-]+):sts::(\d{12}):assumed-role\/([^/]+)\/.*$/, 'arn:$1:iam::$2:role/$3');
}
