import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { WorkflowFact } from '../pipeline/explanation-facts.ts';
import { runId } from '../pipeline/ids.ts';
import { clientEncryption } from '../workers/payload-encryption.ts';
import { failureText } from './failure-text.ts';

/** Milliseconds for the connection, and for the answer: an explanation does not wait for Temporal. */
const PATIENCE = 1_500;

/** What Temporal says of the workflow of a label; null when it does not answer at once. */
export async function readWorkflow(stage: string, timelabel: string): Promise<WorkflowFact | null> {
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig();
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: PATIENCE });
    try {
      const options = { connection, ...clientEncryption(process.env) };
      const client = new Client({ ...options, ...(namespace === undefined ? {} : { namespace }) });
      return await connection.withDeadline(Date.now() + PATIENCE, () => describe(client, stage, timelabel));
    } finally {
      await connection.close();
    }
  } catch {
    return null;
  }
}

async function describe(client: Client, stage: string, timelabel: string): Promise<WorkflowFact> {
  try {
    const { status, runId: id, raw } = await client.workflow.getHandle(runId(stage, timelabel)).describe();
    const [activity] = raw.pendingActivities ?? [];
    return {
      status: status.name,
      runId: id,
      attempt: activity?.attempt ?? null,
      lastFailure: await failureText(client.options.loadedDataConverter, activity?.lastFailure),
    };
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError')
      return { status: null, runId: null, attempt: null, lastFailure: null };
    throw error;
  }
}
