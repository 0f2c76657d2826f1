import { Worker, type CompiledWorkerOptions, type Logger } from '@temporalio/worker';
import type { WorkflowCreator } from '@temporalio/worker/lib/workflow/interface.js';
import type { WorkflowBundleWithSourceMapAndFilename } from '@temporalio/worker/lib/workflow/workflow-worker-thread/input.js';

/**
 * A worker that runs code of workflows without Node's watchdog. The SDK has Node end each call into a workflow after five seconds, for
 * which Node starts a thread and ends it again: 17 to 24 times for a routed run (docs/decisions/0039).
 */
export class UnwatchedWorker extends Worker {
  protected static override createWorkflowCreator(
    bundle: WorkflowBundleWithSourceMapAndFilename,
    options: CompiledWorkerOptions,
    logger: Logger,
  ): Promise<WorkflowCreator> {
    // The SDK hands this on to `vm.Script.runInContext`, where only the absence of a time-out means none.
    const unlimited = { isolateExecutionTimeoutMs: undefined } as unknown as CompiledWorkerOptions;
    return super.createWorkflowCreator(bundle, { ...options, ...unlimited }, logger);
  }
}
