import type { WorkerOptions } from '@temporalio/worker';

/**
 * What workers tell Temporal of their build when REEFLINE_DEPLOYMENT names a worker deployment; nothing otherwise. Runs stay with
 * the build that began them, unless their workflow says something else.
 * @throws Error with a sentence when the names are none.
 */
export function workerVersioning(
  environment: NodeJS.ProcessEnv,
): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  const deploymentName = environment['REEFLINE_DEPLOYMENT'] ?? '';
  const buildId = environment['REEFLINE_BUILD_ID'] ?? '';
  if (deploymentName === '') return {};
  if (!/^[A-Za-z0-9_-]{1,100}$/.test(deploymentName))
    throw new Error(
      `REEFLINE_DEPLOYMENT is "${deploymentName}". Write up to 100 letters, digits, - and _, such as reefline.`,
    );
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(buildId))
    throw new Error(
      `With REEFLINE_DEPLOYMENT, REEFLINE_BUILD_ID must say which build this is in up to 100 letters, digits, ., - and _, such as 1.4.2; it is "${buildId}".`,
    );
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  };
}
