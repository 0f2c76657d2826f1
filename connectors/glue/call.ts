import type { GlueClient } from '@aws-sdk/client-glue';
import { StageFailure } from '../../pipeline/failure.ts';
import { isFailure, toFailure } from './failure.ts';

/** A Glue client with the signal that ends its calls. */
export interface GlueSession {
  readonly client: GlueClient;
  readonly signal?: AbortSignal;
}

type Send<T> = (client: GlueClient, options: { abortSignal?: AbortSignal }) => Promise<T>;

/** Makes one call; whatever it throws becomes a StageFailure. `doing` completes "Glue could not …". */
export async function call<T>(session: GlueSession, doing: string, send: Send<T>): Promise<T> {
  await checkRegion(session.client);
  try {
    return await send(session.client, session.signal === undefined ? {} : { abortSignal: session.signal });
  } catch (error) {
    throw toFailure(error, doing);
  }
}

/** As `call`, but undefined when Glue has no such entity. */
export async function find<T>(session: GlueSession, doing: string, send: Send<T>): Promise<T | undefined> {
  try {
    return await call(session, doing, send);
  } catch (error) {
    if (isFailure(error, 'not_found')) return undefined;
    throw error;
  }
}

/** The SDK reports a missing region as a nameless Error, which could not be told from a broken call. */
async function checkRegion(client: GlueClient): Promise<void> {
  try {
    await client.config.region();
  } catch (error) {
    throw new StageFailure(
      'invalid_config',
      'The region of the Glue connection is unknown. Set region on the connection, or AWS_REGION for the worker.',
      { cause: error },
    );
  }
}
