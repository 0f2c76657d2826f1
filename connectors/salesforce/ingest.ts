import { setTimeout as delay } from 'node:timers/promises';
import type { JobInfoV2 } from 'jsforce/lib/api/bulk2.js';
import { StageFailure } from '../../pipeline/failure.ts';
import { checkUsage } from './allocation.ts';
import type { Chunk } from './chunks.ts';
import { classOf, toSalesforceFailure } from './failures.ts';
import type { JobLog } from './resume.ts';
import type { Org } from './session.ts';
import type { Target } from './target.ts';

/** Milliseconds between two looks at a job: the first, and the most after doubling. */
const FIRST_LOOK_MS = 250;
const SLOWEST_LOOK_MS = 10_000;

/**
 * Has the chunk upserted by one job and answers how that ended. A job that an earlier attempt closed is followed to its end; one that
 * it left open has no effect yet, so it is aborted and the chunk goes with another. On abort of the signal
 * the job is aborted, and the reason is thrown.
 */
export async function ingestChunk(org: Org, target: Target, chunk: Chunk, log: JobLog): Promise<JobInfoV2> {
  const known = log.jobOf(chunk.digest);
  const before = known === undefined ? undefined : await findJob(org, known);
  if (before !== undefined && hasBegun(before)) return followJob(org, before.id, chunk, log);
  if (before?.state === 'Open') await abortJob(org, before.id);
  checkUsage(org);
  log.signal.throwIfAborted();
  const id = await submitJob(org, target, chunk, log);
  return followJob(org, id, chunk, log);
}

/** Jobs of chunks that the source no longer yields: what is open is aborted, what runs must not end after newer rows. */
export async function settleOthers(org: Org, chunks: readonly Chunk[], log: JobLog): Promise<void> {
  for (const [digest, id] of log.othersThan(chunks.map((chunk) => chunk.digest))) {
    const job = await findJob(org, id);
    if (job?.state === 'Open') await abortJob(org, id);
    else if (job !== undefined && hasBegun(job)) await untilEnded(org, id, log);
    log.forget(digest);
  }
}

/** A job that failed or was aborted is left behind: its rows go again, which changes nothing for those that it took. */
function hasBegun({ state }: JobInfoV2): boolean {
  return state === 'UploadComplete' || state === 'InProgress' || state === 'JobComplete';
}

async function submitJob(org: Org, target: Target, chunk: Chunk, log: JobLog): Promise<string> {
  const { api, where } = org;
  const { object, key } = target;
  const job = api.bulk2.createJob({
    operation: 'upsert',
    object,
    externalIdFieldName: key.field.name,
    contentType: 'CSV',
    columnDelimiter: 'COMMA',
    lineEnding: 'LF',
  });
  const doing = `take ${String(chunk.rows)} rows for object ${object}`;
  const { id } = await job.open().catch((error: unknown) => {
    throw toSalesforceFailure(error, where, doing);
  });
  if (id === undefined)
    throw new StageFailure('unavailable', `Salesforce ${where} made a job without naming it.`);
  log.keep(chunk.digest, id);
  try {
    // Not by the job's own upload: it is a stream, of which nothing is left when an expired session makes jsforce send it again.
    await api.request({
      method: 'PUT',
      url: `/services/data/v${api.version}/jobs/ingest/${id}/batches`,
      headers: { 'Content-Type': 'text/csv; charset=UTF-8' },
      body: await chunk.read(),
    });
    log.signal.throwIfAborted();
  } catch (error) {
    await abortJob(org, id);
    log.signal.throwIfAborted();
    throw toSalesforceFailure(error, where, doing);
  }
  // Whether a request without an answer closed the job is seen by the next attempt, so it is not aborted here.
  await job.close().catch((error: unknown) => {
    throw toSalesforceFailure(error, where, doing);
  });
  return id;
}

async function followJob(org: Org, id: string, chunk: Chunk, log: JobLog): Promise<JobInfoV2> {
  const job = await untilEnded(org, id, log);
  if (job.state !== 'JobComplete') throw endedBadly(org, job);
  if (job.numberRecordsProcessed === chunk.rows) return job;
  throw new StageFailure(
    'rejected',
    `Job ${id} of Salesforce ${org.where} says that it processed ${String(job.numberRecordsProcessed)} of the ${String(chunk.rows)} rows that were sent. Look at it under Setup, Bulk Data Load Jobs.`,
    { facts: { job: id, sent: chunk.rows, processed: job.numberRecordsProcessed } },
  );
}

async function untilEnded(org: Org, id: string, log: JobLog): Promise<JobInfoV2> {
  try {
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, SLOWEST_LOOK_MS)) {
      log.beat();
      const job = await org.api.bulk2.job('ingest', { id }).check();
      if (job.state !== 'UploadComplete' && job.state !== 'InProgress') return job;
      await delay(pause, undefined, { signal: log.signal });
    }
  } catch (error) {
    if (log.signal.aborted) await abortJob(org, id);
    log.signal.throwIfAborted();
    throw toSalesforceFailure(error, org.where, `tell how job ${id} goes`);
  }
}

/** The job, or undefined when it is gone: Salesforce deletes jobs after seven days. */
async function findJob(org: Org, id: string): Promise<JobInfoV2 | undefined> {
  try {
    return await org.api.bulk2.job('ingest', { id }).check();
  } catch (error) {
    const failure = toSalesforceFailure(error, org.where, `tell how job ${id} goes`);
    if (failure.failureClass === 'not_found') return undefined;
    throw failure;
  }
}

/** Best effort: an open job has no effect, and what one that runs has done is done again by the next attempt. */
async function abortJob(org: Org, id: string): Promise<void> {
  await org.api.bulk2
    .job('ingest', { id })
    .abort()
    .catch(() => undefined);
}

function endedBadly({ where }: Org, job: JobInfoV2): StageFailure {
  const { id, state, errorMessage = '' } = job;
  const facts = { job: id, processed: job.numberRecordsProcessed, failed: job.numberRecordsFailed };
  if (state === 'Aborted')
    return new StageFailure(
      'rejected',
      `Job ${id} of Salesforce ${where} was aborted there, after ${String(job.numberRecordsProcessed)} rows. Run the label again.`,
      { facts },
    );
  const code = /^\s*(\w+)/.exec(errorMessage)?.[1];
  return new StageFailure(
    classOf(code) ?? 'rejected',
    `Job ${id} of Salesforce ${where} failed after ${String(job.numberRecordsProcessed)} rows: ${errorMessage === '' ? 'it gives no reason' : errorMessage}. Running the label again sends its rows again.`,
    { facts: { ...facts, code: code ?? null } },
  );
}
