import type { SQSClientConfig } from '@aws-sdk/client-sqs';

/** A role that is assumed before anything is sent, and under which name. */
export interface AssumedRole {
  readonly arn: string;
  readonly externalId?: string;
  /** What the owner of the role reads in CloudTrail. */
  readonly sessionName: string;
}

/** Longest session name that STS takes (AWS, "AWS STS API reference", AssumeRole). */
const LONGEST_SESSION_NAME = 64;

/** The session is named after the endpoint. */
export function assumedRole(endpoint: string, arn: string, externalId?: string): AssumedRole {
  const sessionName = `reefline-${endpoint}`.slice(0, LONGEST_SESSION_NAME);
  return { arn, sessionName, ...(externalId === undefined ? {} : { externalId }) };
}

/**
 * Gives temporary credentials of the role, for an hour each; the client that uses them asks again some minutes before
 * they expire. Who assumes it, and where STS answers, come from the AWS SDK's standard environment.
 */
export function roleCredentials(
  { arn, externalId, sessionName }: AssumedRole,
  region: string | undefined,
): NonNullable<SQSClientConfig['credentials']> {
  return async () => {
    const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
    const client = new STSClient({
      ...(region === undefined ? {} : { region }),
      requestHandler: { connectionTimeout: 5_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
    });
    try {
      const { Credentials } = await client.send(
        new AssumeRoleCommand({
          RoleArn: arn,
          RoleSessionName: sessionName,
          ...(externalId === undefined ? {} : { ExternalId: externalId }),
        }),
      );
      if (Credentials?.AccessKeyId === undefined || Credentials.SecretAccessKey === undefined)
        throw new Error(`STS assumed the role ${arn} and gave no credentials.`);
      return {
        accessKeyId: Credentials.AccessKeyId,
        secretAccessKey: Credentials.SecretAccessKey,
        ...(Credentials.SessionToken === undefined ? {} : { sessionToken: Credentials.SessionToken }),
        ...(Credentials.Expiration === undefined ? {} : { expiration: Credentials.Expiration }),
      };
    } finally {
      client.destroy();
    }
  };
}
