import type { Problem } from './problem.ts';
import { isPlain } from './secret-reference.ts';
import type { FieldPath, YamlFile } from './yaml-file.ts';

/** ARN of an IAM role, with or without a path (AWS, "IAM User Guide", IAM identifiers). */
const ROLE_ARN = /^arn:aws[a-z-]*:iam::\d{12}:role\/(?:[!-~]+\/)?[A-Za-z0-9_+=,.@-]{1,64}$/;
/** AWS, "AWS STS API reference", AssumeRole. */
const EXTERNAL_ID = /^[A-Za-z0-9_+=,.@:/-]{2,1224}$/;

/** Fields of an endpoint or an inbound source. */
interface QueueFields {
  readonly queueUrl: string;
  readonly roleArn?: string | undefined;
  readonly externalId?: string | undefined;
}

/** What the schema cannot say about a queue and the role that is assumed for it. */
export function queueProblems(
  yaml: YamlFile,
  path: FieldPath,
  { queueUrl, roleArn, externalId }: QueueFields,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (isPlain(queueUrl) && !/^https?:\/\/[^/\s]+\/\S/.test(queueUrl))
    problems.push(
      yaml.problem(
        [...path, 'queueUrl'],
        'this is no URL of a queue',
        'write it like https://sqs.us-east-1.amazonaws.com/444455556666/reefline-events, or a reference such as "${env:CUSTOMER_QUEUE_URL}"',
      ),
    );
  if (isPlain(roleArn) && !ROLE_ARN.test(roleArn))
    problems.push(
      yaml.problem(
        [...path, 'roleArn'],
        'this is no ARN of a role',
        'write it like arn:aws:iam::444455556666:role/reefline-events, or a reference such as "${env:CUSTOMER_ROLE_ARN}"',
      ),
    );
  if (isPlain(externalId) && !EXTERNAL_ID.test(externalId))
    problems.push(
      yaml.problem(
        [...path, 'externalId'],
        'this is no external id',
        'write 2 to 1224 letters, digits and characters of _+=,.@:/-',
      ),
    );
  if (externalId !== undefined && roleArn === undefined)
    problems.push(
      yaml.problemAtKey(
        [...path, 'externalId'],
        'an external id belongs to a role that is assumed, and no role is named',
        'add roleArn:, or remove externalId:',
      ),
    );
  return problems;
}
