import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** The module that every worker, client and replay of ours decodes payloads with. */
export const PAYLOAD_CONVERTER_PATH = fileURLToPath(
  new URL('../../workflows/payload-converter.ts', import.meta.url),
);

/** Names the file with the bundle that the set-up of the whole run has made. */
export const BUNDLE_VARIABLE = 'REEFLINE_TEST_WORKFLOW_BUNDLE';

let bundled: Promise<{ code: string }> | undefined;

/**
 * The workflows of this build as workers run them; bundled once for a run, or for a suite where the run has no cloud. With
 * a converter of failures it is another bundle, which is made for whoever asks.
 */
export function workflowBundle(failureConverterPath?: string): Promise<{ code: string }> {
  if (failureConverterPath !== undefined) return bundle({ failureConverterPath });
  bundled ??= readOrBundle();
  return bundled;
}

async function readOrBundle(): Promise<{ code: string }> {
  const file = process.env[BUNDLE_VARIABLE];
  if (file !== undefined) return { code: await readFile(file, 'utf8') };
  return bundle({});
}

function bundle(converters: { readonly failureConverterPath?: string }): Promise<{ code: string }> {
  return bundleWorkflowCode({
    ...converters,
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    payloadConverterPath: PAYLOAD_CONVERTER_PATH,
    logger: new DefaultLogger('ERROR'),
  });
}
