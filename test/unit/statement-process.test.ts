import { expect, test } from '@jest/globals';
import type { ClientBase } from 'pg';
import { StatementProcess } from '../../local/statement-process.ts';

const CLIENT = { processID: 7 } as unknown as ClientBase;

/** A server that ends nothing before it is told to. */
function slowServer() {
  const asked: number[] = [];
  const answer = Promise.withResolvers<undefined>();
  const process = new StatementProcess((pid) => {
    asked.push(pid);
    return answer.promise;
  });
  return { asked, answer, process };
}

test('a process is not free for others before a cancellation that is under way has arrived', async () => {
  const { asked, answer, process } = slowServer();
  expect(process.enter(CLIENT)).toBe(7);
  const order: string[] = [];
  const cancelled = process.cancel().then((sent) => order.push(`cancelled ${String(sent)}`));
  await new Promise(setImmediate);
  const left = process.leave().then(() => order.push('left'));
  await new Promise(setImmediate);
  expect([asked, order]).toEqual([[7], []]);
  answer.resolve(undefined);
  await Promise.all([cancelled, left]);
  expect(order).toEqual(['cancelled true', 'left']);
});

test('a process that has left, or never came, is not cancelled', async () => {
  const { asked, answer, process } = slowServer();
  answer.resolve(undefined);
  expect(await process.cancel()).toBe(false);
  process.enter(CLIENT);
  const both = [process.cancel(), process.cancel()];
  await process.leave();
  await Promise.all(both);
  expect(await process.cancel()).toBe(false);
  expect(asked).toEqual([]);
});

test('a cancellation that fails says so to whoever asked, and neither to the statement nor to the next one', async () => {
  const { asked, answer, process } = slowServer();
  process.enter(CLIENT);
  answer.reject(new Error('the server does not answer'));
  await expect(process.cancel()).rejects.toThrow('does not answer');
  await process.leave();
  process.enter(CLIENT);
  await expect(process.cancel()).rejects.toThrow('does not answer');
  expect(asked).toEqual([7, 7]);
});
