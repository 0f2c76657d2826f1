import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildApp, type BuildAppOptions } from 'fauxqs';
import { refuseSignatureAtStore } from './signature-time.ts';

/** The running stand-in of S3 and SQS; both answer on the same address. */
export interface LocalObjectStore {
  readonly url: string;
  stop(): Promise<void>;
}

type Stores = NonNullable<BuildAppOptions['stores']>;
/** What the package keeps to itself: only the application is exported, and its stores keep everything in memory. */
interface Internals {
  readonly SqsStore: new () => Stores['sqsStore'];
  readonly SnsStore: new () => Stores['snsStore'];
  readonly S3Store: new () => Stores['s3Store'];
  readonly FileS3Persistence: new (dir: string) => FilePersistence;
  readonly PersistenceManager: new (dir: string) => QueuePersistence;
  readonly INVALID_MESSAGE_BODY_CHAR: RegExp;
}

type FilePersistence = NonNullable<Stores['s3Store']['persistence']> & {
  loadS3(store: Stores['s3Store']): void;
  close(): void;
};

type QueuePersistence = NonNullable<Stores['sqsStore']['persistence']>;

/** Largest request that S3 and SQS take here, in bytes; the package's own limit is 11 MiB. */
const BODY_LIMIT = 256 * 1024 * 1024;

/**
 * What a message of SQS may not hold (AWS, "Amazon SQS API reference", SendMessage). The package's own expression looks
 * at halves of characters, and so refuses all beyond U+FFFF, such as emoji, which the service takes.
 */
const INVALID_CHARACTER = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;

/**
 * Starts S3 and SQS on a free port of 127.0.0.1. Objects are files below `dir`; queues are in memory unless `keep`
 * asks for a database file, from which the next start continues.
 */
export async function startObjectStore(options: {
  readonly dir: string;
  readonly region: string;
  readonly keep: boolean;
}): Promise<LocalObjectStore> {
  mkdirSync(options.dir, { recursive: true });
  const internals = await loadInternals();
  internals.INVALID_MESSAGE_BODY_CHAR.test = (text) => INVALID_CHARACTER.test(text);
  const stores: Stores = {
    sqsStore: new internals.SqsStore(),
    snsStore: new internals.SnsStore(),
    s3Store: new internals.S3Store(),
  };
  const files = new internals.FileS3Persistence(join(options.dir, 's3'));
  // Loading comes before wiring: a store that writes while it loads would replace its own rows.
  files.loadS3(stores.s3Store);
  stores.s3Store.persistence = files;
  const queues = options.keep ? openQueues(internals, join(options.dir, 'sqs'), stores) : undefined;

  const app = buildApp({ logger: false, defaultRegion: options.region, stores });
  app.addHook('onRequest', (request, reply, done) => {
    if (refuseSignatureAtStore(request.raw, reply.raw)) reply.hijack();
    else done();
  });
  app.removeContentTypeParser('*');
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) => {
    done(null, body);
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    async stop() {
      await app.close();
      files.close();
      queues?.close();
    },
  };
}

function openQueues(internals: Internals, dir: string, stores: Stores): QueuePersistence {
  mkdirSync(dir, { recursive: true });
  const persistence = new internals.PersistenceManager(dir);
  persistence.loadSqsAndSns(stores.sqsStore, stores.snsStore);
  stores.sqsStore.persistence = persistence;
  stores.snsStore.persistence = persistence;
  for (const queue of stores.sqsStore.allQueues()) queue.persistence = persistence;
  return persistence;
}

/** The files beside the package's entry, reached by address because its export list does not name them. */
async function loadInternals(): Promise<Internals> {
  const entry = import.meta.resolve('fauxqs');
  const load = async (path: string): Promise<object> => (await import(new URL(path, entry).href)) as object;
  const modules = await Promise.all([
    load('./sqs/sqsStore.js'),
    load('./sqs/sqsTypes.js'),
    load('./sns/snsStore.js'),
    load('./s3/s3Store.js'),
    load('./s3/fileS3Persistence.js'),
    load('./persistence.js'),
  ]);
  return Object.assign({}, ...modules) as Internals;
}
