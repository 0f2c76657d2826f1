import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  DescribeStatementCommand,
  type DescribeStatementCommandOutput,
  ExecuteStatementCommand,
  type Field,
  GetStatementResultCommand,
  BatchExecuteStatementCommand,
  RedshiftDataClient,
} from '@aws-sdk/client-redshift-data';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { startRedshiftData } from '../../local/redshift-data/server.ts';
import { freshBucket, freshWarehouse, fromEnvironment } from './local-cloud.ts';

type Cell = string | number | boolean | null;
type Settings = Partial<ConstructorParameters<typeof ExecuteStatementCommand>[0]>;

/** A Redshift Data API of a suite's own, with an empty database and an empty bucket. */
export class TestRedshift {
  readonly dir = mkdtempSync(join(tmpdir(), 'redshift-data-'));
  readonly bucket: string;
  readonly database: Awaited<ReturnType<typeof freshWarehouse>>;
  readonly s3 = new S3Client({ endpoint: fromEnvironment('AWS_ENDPOINT_URL_S3'), forcePathStyle: true });
  #client: RedshiftDataClient | undefined;
  #server: Awaited<ReturnType<typeof startRedshiftData>> | undefined;

  private constructor(database: Awaited<ReturnType<typeof freshWarehouse>>, bucket: string) {
    this.database = database;
    this.bucket = bucket;
  }

  get client(): RedshiftDataClient {
    if (this.#client === undefined) throw new Error('The server is not started.');
    return this.#client;
  }

  static async start(): Promise<TestRedshift> {
    const redshift = new TestRedshift(await freshWarehouse('redshift'), await freshBucket('redshift'));
    await redshift.startServer();
    return redshift;
  }

  get #options(): Parameters<typeof startRedshiftData>[0] {
    return {
      dir: this.dir,
      host: '127.0.0.1',
      port: 0,
      postgresUrl: fromEnvironment('REEFLINE_TEST_POSTGRES_URL'),
      s3Endpoint: fromEnvironment('AWS_ENDPOINT_URL_S3'),
    };
  }

  /** The same server in a process of its own, which a test can kill. */
  async startServerProcess(): Promise<{ kill(): Promise<void> }> {
    const module = pathToFileURL(join(process.cwd(), 'local/redshift-data/server.ts')).href;
    const script = `import { startRedshiftData } from '${module}';
      console.log((await startRedshiftData(${JSON.stringify(this.#options)})).url);`;
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [url] = (await once(child.stdout, 'data')) as [Buffer];
    this.#client = new RedshiftDataClient({ endpoint: url.toString().trim(), maxAttempts: 1 });
    return {
      kill: async () => {
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
        this.#client?.destroy();
      },
    };
  }

  async startServer(): Promise<void> {
    this.#server = await startRedshiftData(this.#options);
    this.#client = new RedshiftDataClient({ endpoint: this.#server.url, maxAttempts: 1 });
  }

  async stopServer(): Promise<void> {
    this.#client?.destroy();
    await this.#server?.stop();
  }

  async stop(): Promise<void> {
    await this.stopServer();
    this.s3.destroy();
    await this.database.drop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  get where(): { WorkgroupName: string; Database: string } {
    return { WorkgroupName: 'test', Database: this.database.name };
  }

  async submit(sql: string, settings: Settings = {}): Promise<string> {
    const { Id: id } = await this.client.send(
      new ExecuteStatementCommand({ ...this.where, Sql: sql, ...settings }),
    );
    return id ?? '';
  }

  async describe(id: string, seconds = 20): Promise<DescribeStatementCommandOutput> {
    return this.client.send(new DescribeStatementCommand({ Id: id, WaitTimeSeconds: seconds }));
  }

  /** The statement's end, whatever it is. */
  async end(sql: string, settings: Settings = {}): Promise<DescribeStatementCommandOutput> {
    return this.describe(await this.submit(sql, settings));
  }

  async batch(
    sqls: string[],
    mode: 'TRANSACTION' | 'AUTO_COMMIT' = 'TRANSACTION',
  ): Promise<DescribeStatementCommandOutput> {
    const { Id: id } = await this.client.send(
      new BatchExecuteStatementCommand({ ...this.where, Sqls: sqls, ExecutionMode: mode }),
    );
    return this.describe(id ?? '');
  }

  /** Rows of the first page. Throws with the statement's error. */
  async rows(sql: string, settings: Settings = {}): Promise<Cell[][]> {
    const ended = await this.end(sql, settings);
    if (ended.Status !== 'FINISHED') throw new Error(ended.Error ?? ended.Status);
    if (ended.HasResultSet !== true) return [];
    const result = await this.client.send(new GetStatementResultCommand({ Id: ended.Id }));
    return (result.Records ?? []).map((record) => record.map(cell));
  }

  async put(key: string, body: string | Uint8Array): Promise<string> {
    await this.s3.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body }));
    return `s3://${this.bucket}/${key}`;
  }
}

/** The value of a typed field; null for NULL. */
export function cell(field: Field): Cell {
  if (field.isNull === true) return null;
  if (field.blobValue !== undefined) return Buffer.from(field.blobValue).toString('hex');
  return field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue ?? null;
}
