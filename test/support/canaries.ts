import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Client } from '@temporalio/client';
import type pg from 'pg';

/** Every planted secret contains it, and nothing else does. */
const MARK = 'c4n4ry';
/** The mark in base64, at each of the three places where a group of letters may begin. */
const ENCODED = ['YzRuNHJ5', 'M0bjRye', 'jNG40cn'];

/** A secret that is found again wherever it turns up; it needs escaping in URLs, in JSON and in expressions. */
export function canary(name: string): string {
  return `${MARK}-${name}/+"$&`;
}

/** The surroundings of every canary in a text. */
export function canariesIn(text: string): readonly string[] {
  return [MARK, ...ENCODED].flatMap((mark) =>
    [...text.matchAll(new RegExp(mark, 'gi'))].map(({ index }) =>
      text.slice(Math.max(0, index - 80), index + 60),
    ),
  );
}

/** Every row of every table of the catalog, as one text. */
export async function catalogText(db: pg.Pool): Promise<string> {
  const { rows: tables } = await db.query<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables
      where table_schema = 'reefline' and table_type = 'BASE TABLE'`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await db.query<{ row: string }>(`select t::text as row from reefline.${name} t`);
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

/** Everything that Temporal keeps of the namespace's workflows: histories with their payloads, memos, attributes, pending failures. */
export async function temporalText(client: Client): Promise<string> {
  const texts: string[] = [];
  for await (const { workflowId, runId } of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflowId, runId);
    collect(await handle.fetchHistory(), texts);
    collect((await handle.describe()).raw, texts);
  }
  return texts.join('\n');
}

function collect(value: unknown, texts: string[]): void {
  if (typeof value === 'string') texts.push(value);
  else if (value instanceof Uint8Array) texts.push(Buffer.from(value).toString('utf8'));
  else if (typeof value === 'object' && value !== null)
    for (const each of Object.values(value)) collect(each, texts);
}

/**
 * A service that refuses every request and quotes all of it, credentials included, in the words of the protocol that was
 * spoken: the AWS JSON protocols, Snowflake's sign-in and OAuth.
 */
export async function startTalkativeService(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => void refuse(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function refuse(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  const message = `The signature of lighthouse does not match: ${request.url ?? ''} ${JSON.stringify(request.headers)} ${body}`;
  const aws = request.headers['x-amz-target'] !== undefined;
  const snowflake = request.url?.startsWith('/session/') === true;
  response.writeHead(snowflake ? 200 : aws ? 403 : 400, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({
      ...(aws ? { __type: 'InvalidSignatureException' } : {}),
      ...(snowflake ? { success: false, code: '390100', data: {} } : {}),
      ...(aws || snowflake ? { message } : { error: 'invalid_client', error_description: message }),
    }),
  );
}
