import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { copyInto } from '../../connectors/postgres/copy-in.ts';
import { withPostgres, type PostgresSession } from '../../connectors/postgres/connection.ts';
import { StageFailure } from '../../pipeline/failure.ts';

/** A message of PostgreSQL's protocol (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const READY = message('Z', Buffer.from('I'));
/** The password is fine; the process is 7, its secret 9; ready. */
const GREETING = Buffer.concat([
  message('R', Buffer.from([0, 0, 0, 0])),
  message('K', Buffer.from([0, 0, 0, 7, 0, 0, 0, 9])),
  READY,
]);
const ANSWER = Buffer.concat([message('C', Buffer.from('SELECT 0\0')), READY]);

/** A server that greets everybody, answers as many statements of a connection as it is told, and then keeps silent for ever. */
async function silentAfter(
  statements: number,
  answerTo: (asked: Buffer) => Buffer = () => ANSWER,
  greeting = GREETING,
): Promise<{ url: string; close: () => Promise<void> }> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let greeted = false;
    let left = statements;
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (asked) => {
      if (!greeted) socket.write(greeting);
      else if (left > 0) socket.write(answerTo(asked));
      left -= greeted ? 1 : 0;
      greeted = true;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `postgres://user@127.0.0.1:${String(port)}/shop`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const select = async ({ client }: PostgresSession): Promise<string> => {
  await client.query('select 1');
  return 'done';
};

describe('a PostgreSQL that goes silent with its connections open', () => {
  let close: () => Promise<void>;
  afterEach(() => close());

  test('does not hold what was done when it says no goodbye', async () => {
    const server = await silentAfter(1);
    ({ close } = server);
    expect(await withPostgres({ connection: 'shop', url: server.url }, 'read it', select)).toBe('done');
  });

  test('does not hold the failure of work that failed', async () => {
    const server = await silentAfter(1);
    ({ close } = server);
    const failing = withPostgres({ connection: 'shop', url: server.url }, 'read it', async (session) => {
      await select(session);
      throw new StageFailure('data_error', 'a row is bad');
    });
    await expect(failing).rejects.toThrow('a row is bad');
  });

  test('does not hold a statement that is cancelled, although it greets whoever would cancel it', async () => {
    const server = await silentAfter(0);
    ({ close } = server);
    const stop = new AbortController();
    const reading = withPostgres(
      { connection: 'shop', url: server.url, signal: stop.signal },
      'read it',
      (session) => {
        const answer = select(session);
        stop.abort();
        return answer;
      },
    );
    await expect(reading).rejects.toMatchObject({ failureClass: 'unavailable' });
  });

  test('fails the statement within which it is silent for longer than the connection allows', async () => {
    const server = await silentAfter(1);
    ({ close } = server);
    const settings = { connection: 'shop', url: server.url, silenceSeconds: 0.1 };
    const reading = withPostgres(settings, 'read it', async (session) => {
      await select(session);
      return select(session);
    });
    await expect(reading).rejects.toMatchObject({
      failureClass: 'timeout',
      message: expect.stringMatching(
        /^PostgreSQL "shop" at \S+ could not read it: .* within a SELECT statement.* raise silenceSeconds of the connection "shop"\.$/u,
      ),
      facts: { statement: 'SELECT', seconds: 0.1 },
    });
  });

  test('is not blamed while it waits for the rows of a COPY', async () => {
    const copying = message('G', Buffer.from([1, 0, 0]));
    const done = Buffer.concat([message('C', Buffer.from('COPY 0\0')), READY]);
    const server = await silentAfter(Infinity, (asked) =>
      asked.includes('copy') ? copying : asked.includes('c\0\0\0\x04') ? done : Buffer.alloc(0),
    );
    ({ close } = server);
    const slow = async function* (): AsyncGenerator<Uint8Array> {
      await new Promise((resolve) => setTimeout(resolve, 250));
      yield* [];
    };
    const copied = withPostgres(
      { connection: 'shop', url: server.url, silenceSeconds: 0.1 },
      'fill it',
      ({ client, where }) =>
        copyInto(
          client,
          { into: 't', names: ['id'], format: 'binary', rows: slow(), where, doing: 'fill it' },
          undefined,
        ),
    );
    await expect(copied).resolves.toBe(0);
  });

  test('does not hold a sign-in that is told to stop', async () => {
    const server = await silentAfter(0, undefined, Buffer.alloc(0));
    ({ close } = server);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const settings = { connection: 'shop', url: server.url, signal: stop.signal };
    await expect(withPostgres(settings, 'read it', select)).rejects.toMatchObject({
      failureClass: 'unavailable',
      message: expect.stringContaining('told to stop'),
    });
  });

  test('may be silent for as long as it likes between statements', async () => {
    const server = await silentAfter(2);
    ({ close } = server);
    const settings = { connection: 'shop', url: server.url, silenceSeconds: 0.1 };
    const reading = withPostgres(settings, 'read it', async (session) => {
      await select(session);
      await new Promise((resolve) => setTimeout(resolve, 250));
      return select(session);
    });
    expect(await reading).toBe('done');
  });
});
