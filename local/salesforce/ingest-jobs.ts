import { formatCsv } from './csv.ts';
import { SalesforceFault } from './fault.ts';
import { fieldOf, type FieldDefinition, type ObjectDefinition, type Objects } from './objects.ts';
import type { JobState, JobStore, StoredJob } from './job-store.ts';
import { JobFault, processUpsert, type Processed } from './process-job.ts';
import type { Records } from './records.ts';

interface Job {
  readonly id: string;
  readonly object: ObjectDefinition;
  readonly key: FieldDefinition;
  readonly lineEnding: 'LF' | 'CRLF';
  readonly createdDate: string;
  state: JobState;
  csv: string | undefined;
  processed: Processed | undefined;
  errorMessage: string | undefined;
}

/** The life of ingest jobs: created, filled once, closed, processed one after the other, asked about, deleted. */
export class IngestJobs {
  readonly #objects: Objects;
  readonly #records: Records;
  readonly #spend: (rows: number) => boolean;
  readonly #store: JobStore;
  readonly #jobs = new Map<string, Job>();
  #held = false;

  /**
   * `spend` takes the batches of so many rows from the org's allocation and says whether they were there. Jobs of the store that were
   * closed and not processed are processed now.
   */
  constructor(objects: Objects, records: Records, store: JobStore, spend: (rows: number) => boolean) {
    this.#objects = objects;
    this.#records = records;
    this.#spend = spend;
    this.#store = store;
    for (const stored of store.all()) this.#restore(stored);
    this.#processWaiting();
  }

  create(body: Readonly<Record<string, unknown>>): object {
    const {
      operation,
      object: name,
      externalIdFieldName = '',
      lineEnding = 'LF',
      columnDelimiter = 'COMMA',
    } = body;
    if (operation !== 'upsert')
      throw new SalesforceFault(
        400,
        'INVALIDJOB',
        `InvalidJob : This local org has no operation ${String(operation)}`,
      );
    if (columnDelimiter !== 'COMMA' || (lineEnding !== 'LF' && lineEnding !== 'CRLF'))
      throw new SalesforceFault(
        400,
        'INVALIDJOB',
        'InvalidJob : columnDelimiter or lineEnding is not supported',
      );
    const object = this.#objects.find(String(name));
    if (object === undefined || object.readOnly === true)
      throw new SalesforceFault(400, 'INVALIDJOB', `InvalidJob : Unable to find object: ${String(name)}`);
    if (externalIdFieldName === '')
      throw new SalesforceFault(
        400,
        'INVALIDJOB',
        `InvalidJob : External ID was blank for ${object.name}. An External ID must be specified for upsert.`,
      );
    const key = fieldOf(object, String(externalIdFieldName));
    if (key?.externalId !== true)
      throw new SalesforceFault(
        400,
        'INVALIDJOB',
        `InvalidJob : Field name provided, ${String(externalIdFieldName)} does not match an External ID, Salesforce Id, or indexed field for ${object.name}`,
      );
    const job: Job = {
      id: this.#store.newId(),
      object,
      key,
      lineEnding,
      createdDate: new Date().toISOString().replace('Z', '+0000'),
      state: 'Open',
      csv: undefined,
      processed: undefined,
      errorMessage: undefined,
    };
    this.#jobs.set(job.id, job);
    this.#save(job);
    return this.#info(job);
  }

  upload(id: string, csv: string): void {
    const job = this.#find(id);
    if (job.state !== 'Open')
      throw new SalesforceFault(
        400,
        'INVALIDJOBSTATE',
        `InvalidJobState : Data can be added to open jobs only; the job is ${job.state}`,
      );
    if (job.csv !== undefined)
      throw new SalesforceFault(
        400,
        'API_ERROR',
        `Found multiple contents for job: <${id}>, please 'Close' / 'Abort' / 'Delete' the current Job then create a new Job and make sure you only do 'PUT' once on a given Job.`,
      );
    job.csv = csv;
    this.#save(job);
  }

  setState(id: string, wanted: unknown): object {
    const job = this.#find(id);
    const closes = wanted === 'UploadComplete' && job.state === 'Open' && job.csv !== undefined;
    const aborts = wanted === 'Aborted' && ['Open', 'UploadComplete', 'InProgress'].includes(job.state);
    if (!closes && !aborts)
      throw new SalesforceFault(
        400,
        'INVALIDJOBSTATE',
        `InvalidJobState : A job that is ${job.state} cannot become ${String(wanted)}`,
      );
    job.state = closes ? 'UploadComplete' : 'Aborted';
    this.#save(job);
    if (closes) setImmediate(() => this.#processWaiting());
    return this.#info(job);
  }

  info(id: string): object {
    return this.#info(this.#find(id));
  }

  list(): readonly object[] {
    return [...this.#jobs.values()].map((job) => this.#info(job));
  }

  delete(id: string): void {
    const job = this.#find(id);
    if (job.state === 'Open' || job.state === 'InProgress')
      throw new SalesforceFault(
        400,
        'INVALIDJOBSTATE',
        `InvalidJobState : A job that is ${job.state} cannot be deleted`,
      );
    this.#jobs.delete(id);
    this.#store.remove(id);
  }

  /** CSV of one of the three resources of results. */
  results(id: string, kind: 'successfulResults' | 'failedResults' | 'unprocessedrecords'): string {
    const { processed, csv = '', state } = this.#find(id);
    switch (kind) {
      case 'successfulResults':
        return formatCsv([
          ['sf__Id', 'sf__Created', ...(processed?.header ?? [])],
          ...(processed?.successes ?? []),
        ]);
      case 'failedResults':
        return formatCsv([
          ['sf__Id', 'sf__Error', ...(processed?.header ?? [])],
          ...(processed?.failures ?? []),
        ]);
      case 'unprocessedrecords':
        return state === 'Failed' || state === 'Aborted' ? csv : '';
    }
  }

  /** While they are held, closed jobs wait, as behind those of others. */
  hold(held: boolean): void {
    this.#held = held;
    if (!held) this.#processWaiting();
  }

  #processWaiting(): void {
    if (this.#held) return;
    for (const job of this.#jobs.values()) if (job.state === 'UploadComplete') this.#process(job);
  }

  #process(job: Job): void {
    const { object, key, lineEnding, csv = '' } = job;
    job.state = 'InProgress';
    try {
      if (!this.#spend(csv.split('\n').length - 2))
        throw new JobFault('ExceededQuota : ApiBatchItems Limit exceeded.');
      job.processed = processUpsert(this.#records, { object, key, lineEnding, csv });
      job.state = 'JobComplete';
    } catch (error) {
      job.state = 'Failed';
      job.errorMessage = error instanceof Error ? error.message : String(error);
    }
    this.#save(job);
  }

  #save(job: Job): void {
    this.#store.save({ ...job, object: job.object.name, key: job.key.name });
  }

  /** A job of an object or field that the org no longer has is left out. */
  #restore(stored: StoredJob): void {
    const object = this.#objects.find(stored.object);
    const key = object === undefined ? undefined : fieldOf(object, stored.key);
    if (object === undefined || key === undefined) return;
    const { csv, processed, errorMessage } = stored;
    this.#jobs.set(stored.id, { ...stored, object, key, csv, processed, errorMessage });
  }

  #find(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined)
      throw new SalesforceFault(404, 'NOT_FOUND', 'The requested resource does not exist');
    return job;
  }

  #info(job: Job): object {
    const { processed } = job;
    return {
      id: job.id,
      operation: 'upsert',
      object: job.object.name,
      createdById: '005000000000001AAA',
      createdDate: job.createdDate,
      systemModstamp: job.createdDate,
      state: job.state,
      externalIdFieldName: job.key.name,
      concurrencyMode: 'Parallel',
      contentType: 'CSV',
      jobType: 'V2Ingest',
      lineEnding: job.lineEnding,
      columnDelimiter: 'COMMA',
      numberRecordsProcessed: (processed?.successes.length ?? 0) + (processed?.failures.length ?? 0),
      numberRecordsFailed: processed?.failures.length ?? 0,
      ...(job.errorMessage === undefined ? {} : { errorMessage: job.errorMessage }),
    };
  }
}
