import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { startLocalCloud, type LocalCloud } from '../../local/cloud.ts';
import { findProcesses } from '../../local/process-table.ts';
import { freshBucket, freshDatabase, freshQueue, fromEnvironment } from '../support/local-cloud.ts';

let root: string;
let clouds: LocalCloud[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'reefline-test-'));
  chmodSync(root, 0o755);
  clouds = [];
});

afterEach(async () => {
  await Promise.all(clouds.map((cloud) => cloud.stop()));
  rmSync(root, { recursive: true, force: true });
});

async function start(options: Parameters<typeof startLocalCloud>[0]): Promise<LocalCloud> {
  const cloud = await startLocalCloud(options);
  clouds.push(cloud);
  return cloud;
}

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<Record<string, unknown>>(statement);
    return result.rows;
  } finally {
    await client.end();
  }
}

function processesOf(dir: string): string[] {
  return findProcesses((command) => command.includes(dir)).map((found) => found.command);
}

function pidOfCloud(dir: string): number {
  const record = JSON.parse(readFileSync(join(dir, 'cloud.json'), 'utf8')) as { pid: number };
  return record.pid;
}

async function eventually(happened: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let round = 0; round < 300; round += 1) {
    if (await happened()) return true;
    await sleep(100);
  }
  return false;
}

describe('the local cloud', () => {
  test('has PostgreSQL 18, a Temporal server and no trace after it was stopped', async () => {
    const dir = join(root, 'cloud');
    const cloud = await start({ dir });
    const [row] = await query(cloud.env['REEFLINE_CATALOG_URL'] ?? '', 'show server_version');
    expect(row).toEqual({ server_version: expect.stringMatching(/^18\./) });
    // The Web UI connects to the server a moment after the server answers.
    expect(
      await eventually(async () => (await fetch(`${cloud.temporalUiUrl}/api/v1/namespaces/default`)).ok),
    ).toBe(true);
    expect(processesOf(dir).length).toBeGreaterThanOrEqual(3);

    await cloud.stop();
    await cloud.stop();
    expect(processesOf(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  test('ends by itself and leaves nothing when the process that started it is killed', async () => {
    const dir = join(root, 'cloud');
    const module = fileURLToPath(new URL('../../local/cloud.ts', import.meta.url));
    const program = `
      const { startLocalCloud } = await import(${JSON.stringify(module)});
      await startLocalCloud({ dir: ${JSON.stringify(dir)} });
      console.log('started');
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await firstOutput(parent);
    expect(processesOf(dir).length).toBeGreaterThanOrEqual(3);
    parent.kill('SIGKILL');
    await eventually(() => processesOf(dir).length === 0 && !existsSync(dir));
    expect(processesOf(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  test('is cleaned up by its starter when its own process is killed', async () => {
    const dir = join(root, 'cloud');
    const cloud = await start({ dir });
    process.kill(pidOfCloud(dir), 'SIGKILL');
    await cloud.stop();
    expect(processesOf(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  test('is killed and cleaned up, and says so, when its own process does not end', async () => {
    const dir = join(root, 'cloud');
    const cloud = await start({ dir, temporal: false, patience: 500 });
    process.kill(pidOfCloud(dir), 'SIGSTOP');
    await expect(cloud.stop()).rejects.toThrow(/did not end within 0.5 s, and was killed/);
    expect(processesOf(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  test('recovers in the same folder, with the data, after everything but its servers was killed', async () => {
    const dir = join(root, 'cloud');
    const starter = spawn(
      process.execPath,
      [fileURLToPath(new URL('../../local/start.ts', import.meta.url)), dir],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const url = /REEFLINE_CATALOG_URL='([^']+)'/.exec(
      await firstOutput(starter, 'REEFLINE_CATALOG_URL'),
    )?.[1];
    await query(url ?? '', 'create table kept as select 42 as answer');
    starter.kill('SIGSTOP');
    process.kill(pidOfCloud(dir), 'SIGKILL');
    starter.kill('SIGKILL');
    expect(processesOf(dir).length).toBeGreaterThanOrEqual(2);

    const cloud = await start({ dir });
    expect(await query(cloud.env['REEFLINE_CATALOG_URL'] ?? '', 'select answer from kept')).toEqual([
      { answer: 42 },
    ]);
    await cloud.stop();
    expect(processesOf(dir)).toEqual([]);
    expect(existsSync(dir)).toBe(false);
  });

  test('runs below a folder that only its owner can enter', async () => {
    const closed = join(root, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const dir = join(closed, 'cloud');
    const cloud = await start({ dir, temporal: false });
    const [row] = await query(cloud.postgresUrl, 'show data_directory');
    expect(row).toEqual({ data_directory: expect.any(String) });
    await cloud.stop();
    expect(existsSync((row as { data_directory: string }).data_directory)).toBe(false);
    expect(existsSync(dir)).toBe(false);
  });

  test('runs twice at once in different folders, and refuses the folder of a living one', async () => {
    const dir = join(root, 'one');
    const [one, two] = await Promise.all([
      start({ dir, temporal: false }),
      start({ dir: join(root, 'two'), temporal: false }),
    ]);
    expect(one.postgresUrl).not.toBe(two.postgresUrl);
    await expect(startLocalCloud({ dir, temporal: false })).rejects.toThrow(
      new RegExp(`already runs in .*one \\(process ${pidOfCloud(dir)}\\)`),
    );
    expect(await query(one.postgresUrl, 'select 1 as alive')).toEqual([{ alive: 1 }]);
  });

  test('refuses a folder with files that are not its own, and leaves them alone', async () => {
    writeFileSync(join(root, 'thesis.txt'), 'years of work');
    await expect(startLocalCloud({ dir: root, temporal: false })).rejects.toThrow(/thesis\.txt/);
    expect(readFileSync(join(root, 'thesis.txt'), 'utf8')).toBe('years of work');
  });
});

describe('what suites get from the local cloud of the run', () => {
  test('is a database, a bucket and a queue of their own', async () => {
    const database = await freshDatabase('suite');
    expect(await query(database.url, 'select current_database() as name')).toEqual([{ name: database.name }]);
    await database.drop();

    const bucket = await freshBucket();
    const s3 = new S3Client({ endpoint: fromEnvironment('AWS_ENDPOINT_URL_S3'), forcePathStyle: true });
    await s3.send(new HeadBucketCommand({ Bucket: bucket }));
    s3.destroy();

    const queue = await freshQueue();
    const sqs = new SQSClient({ endpoint: fromEnvironment('AWS_ENDPOINT_URL_SQS') });
    await sqs.send(new SendMessageCommand({ QueueUrl: queue.url, MessageBody: 'hello' }));
    const received = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.url }));
    expect(received.Messages?.[0]?.Body).toBe('hello');
    sqs.destroy();
    await queue.drop();
  });

  test('takes single objects above the limit that the stand-in has by default', async () => {
    const bucket = await freshBucket();
    const s3 = new S3Client({ endpoint: fromEnvironment('AWS_ENDPOINT_URL_S3'), forcePathStyle: true });
    const body = Buffer.alloc(20 * 1024 * 1024, 'reef');
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'large', Body: body }));
    const stored = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'large' }));
    const bytes = await stored.Body?.transformToByteArray();
    expect(bytes !== undefined && body.equals(bytes)).toBe(true);
    s3.destroy();
  });
});

async function firstOutput(child: ChildProcess, containing = ''): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.once('exit', () => {
      reject(new Error(`The process ended before it said ${containing}: ${text}`));
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes(containing)) resolve(text);
    });
  });
}
