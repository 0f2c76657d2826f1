import { S3Client } from '@aws-sdk/client-s3';

/**
 * A client of S3. Region, credentials and endpoint that are not given come from the SDK's standard variables and
 * profiles (AWS_REGION, AWS_ENDPOINT_URL_S3 …). Path style works for every bucket name and for every S3 look-alike.
 * Close it with `destroy()`.
 */
export function createS3Client(settings: { readonly region?: string | undefined } = {}): S3Client {
  return new S3Client({
    ...(settings.region === undefined ? {} : { region: settings.region }),
    forcePathStyle: true,
    // A part of 8 MiB takes seconds on a slow line; a silent peer must not hold an attempt until its own timeout.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 120_000, throwOnRequestTimeout: true },
  });
}
