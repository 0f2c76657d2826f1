import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** The module that every worker, client and replay of ours decodes payloads with. */
export const PAYLOAD_CONVERTER_PATH = fileURLToPath(
  new URL('../../workflows/payload-converter.ts', import.meta.url),
);

let bundled: Promise<{ code: string }> | undefined;

/** The workflows of this build as workers run them; bundled once for a suite. */
export function workflowBundle(): Promise<{ code: string }> {
  bundled ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    payloadConverterPath: PAYLOAD_CONVERTER_PATH,
    logger: new DefaultLogger('ERROR'),
  });
  return bundled;
}
