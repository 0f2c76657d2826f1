/** What every AWS client needs to talk to the local cloud instead of an account. */
export interface LocalAws {
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly endpoint: string;
}

/** Region, keys and endpoint of one service, from the variables of the local cloud. */
export function localAws(
  env: Readonly<Record<string, string>>,
  service: 'S3' | 'SQS' | 'GLUE' | 'ATHENA' | 'REDSHIFT_DATA',
): LocalAws {
  return {
    region: env['AWS_REGION'] ?? '',
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
    endpoint: env[`AWS_ENDPOINT_URL_${service}`] ?? '',
  };
}
