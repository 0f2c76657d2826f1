import type { SendMessageBatchCommandInput, SendMessageBatchRequestEntry } from '@aws-sdk/client-sqs';
import { expect } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type pg from 'pg';
import { forwardEvents, type Forwarded } from '../../activities/forward-events.ts';
import { createSqsClient } from '../../connectors/sqs/client.ts';
import { createQueueSender } from '../../connectors/sqs/sender.ts';

/** What may befall: an entry is refused, a call is, or the worker dies before it marks what was sent. */
export type Mishap = 'no' | 'entry' | 'call' | 'crash';

/**
 * Forwards what an endpoint is owed to a queue, in one call of the activity, through a client of which `fails` decides what becomes of
 * each entry and call, and of each mark in the catalog. Undefined when the worker died.
 */
export async function forwardWithMishaps(
  db: pg.Pool,
  endpoint: string,
  queueUrl: string,
  fails: () => Mishap,
): Promise<Forwarded | undefined> {
  const client = createSqsClient({});
  client.middlewareStack.add(
    (next) => async (args) => {
      const input = args.input as SendMessageBatchCommandInput & { Entries: SendMessageBatchRequestEntry[] };
      const refused = input.Entries.filter(() => fails() === 'entry');
      if (fails() === 'call') throw Object.assign(new Error('slow down'), { name: 'RequestThrottled' });
      const taken = input.Entries.filter((entry) => !refused.includes(entry));
      const Failed = refused.map(({ Id }) => ({ Id, Code: 'InternalError', SenderFault: false }));
      if (taken.length === 0) return { response: {}, output: { $metadata: {}, Failed } };
      const result = await next({ ...args, input: { ...input, Entries: taken } });
      Object.assign(result.output, { Failed });
      return result;
    },
    { step: 'initialize' },
  );
  const crashing = new Proxy(db, {
    get: (pool, field) => {
      if (field === 'query')
        return (query: pg.QueryConfig, values?: unknown[]) => {
          if (query.name === 'settle-deliveries' && fails() === 'crash') throw new Error('the worker dies');
          return pool.query(query, values);
        };
      const value: unknown = Reflect.get(pool, field);
      return typeof value === 'function' ? (value.bind(pool) as unknown) : value;
    },
  });
  const forwarding = {
    db: crashing,
    sender: () => createQueueSender({ client, queueUrl }),
    redact: (text: string) => text,
  };
  try {
    return await new MockActivityEnvironment(undefined, { logger: new DefaultLogger('ERROR') }).run(() =>
      forwardEvents(forwarding, endpoint),
    );
  } catch (error) {
    expect(String(error)).toContain('the worker dies');
    return undefined;
  } finally {
    client.destroy();
  }
}
