import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** The module that every worker, client and replay of ours decodes payloads with. */
export const PAYLOAD_CONVERTER_PATH = fileURLToPath(
  new URL('../../workflows/payload-converter.ts', import.meta.url),
);

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

function bundle(special: Special): Promise<{ code: string }> {
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    ...special,
    payloadConverterPath: PAYLOAD_CONVERTER_PATH,
    logger: new DefaultLogger('ERROR'),
  });
}
