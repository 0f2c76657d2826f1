import { GlueClient } from '@aws-sdk/client-glue';

/**
 * A client of the Glue Data Catalog. Region, credentials and endpoint that are not given come from the SDK's standard
 * variables and profiles (AWS_REGION, AWS_ENDPOINT_URL_GLUE …). Close it with `destroy()`.
 */
export function createGlueClient(settings: { readonly region?: string }): GlueClient {
  return new GlueClient({
    ...(settings.region === undefined ? {} : { region: settings.region }),
    // Catalog calls answer in tens of milliseconds; a silent peer must not hold an attempt until its own timeout.
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  });
}
