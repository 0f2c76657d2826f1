import { readFile } from 'node:fs/promises';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { PAYLOAD_CONVERTER, sharedModules, workflowsPath } from '../../workers/run-workers.ts';

/** Names the file with the bundle that the set-up of the whole run has made. */
export const BUNDLE_VARIABLE = 'REEFLINE_TEST_WORKFLOW_BUNDLE';

interface Special {
  readonly failureConverterPath?: string;
  readonly workflowsPath?: string;
}

let bundled: Promise<{ code: string }> | undefined;

/**
 * The workflows of this build as workers run them; bundled once for a run, or for a suite where the run has no cloud. For
 * workers that encrypt or tell their build it is another bundle, which is made for whoever asks.
 */
export function workflowBundle(special: Special = {}): Promise<{ code: string }> {
  if (Object.keys(special).length > 0) return bundle(special);
  bundled ??= readOrBundle();
  return bundled;
}

async function readOrBundle(): Promise<{ code: string }> {
  const file = process.env[BUNDLE_VARIABLE];
  if (file !== undefined) return { code: await readFile(file, 'utf8') };
  return bundle({});
}

function bundle({
  workflowsPath: path = workflowsPath(false),
  ...special
}: Special): Promise<{ code: string }> {
  return bundleWorkflowCode({
    ...special,
    workflowsPath: path,
    payloadConverterPath: PAYLOAD_CONVERTER,
    preloadModules: sharedModules(path),
    logger: new DefaultLogger('ERROR'),
  });
}
