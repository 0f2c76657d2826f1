import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WHY_NOT } from '../why-not.ts';
import { findOutside, missingOutside, refuseAbsent } from './outside.ts';
import { startLocalCatalog, startLocalEndpoints, type LocalEndpoints } from './local-endpoints.ts';

/** Set-up and teardown share the process but not their modules. */
const holder = globalThis as { reeflineContractEndpoints?: LocalEndpoints };

/**
 * With variables that name endpoints, these are tested and nothing is started; without any, the local cloud is. The
 * connectors to test are in REEFLINE_CONTRACT_ASKED, or all.
 */
export default async function globalSetup(): Promise<void> {
  const cache = process.env['REEFLINE_CACHE'] ?? fileURLToPath(new URL('../../../.cache', import.meta.url));
  process.env['NODE_COMPILE_CACHE'] = join(cache, 'compiled');
  const asked = (process.env['REEFLINE_CONTRACT_ASKED'] ?? '').split(' ').filter((name) => name !== '');
  const outside = findOutside(process.env);
  if (outside.length > 0) {
    process.stderr.write(`The contract runs against the endpoints of ${outside.join(', ')}.\n`);
    process.env[WHY_NOT] = JSON.stringify(missingOutside(process.env, asked));
    if (asked.includes('sqs') || asked.includes('webhook')) keep(await startLocalCatalog());
    return;
  }
  process.stderr.write('No variable names an endpoint: the contract runs against the local cloud.\n');
  const local = await startLocalEndpoints();
  // A profile or a session of the developer's own would win over the keys of the local cloud.
  delete process.env['AWS_PROFILE'];
  delete process.env['AWS_SESSION_TOKEN'];
  keep(local);
  refuseAbsent(local.absent, asked);
  process.env[WHY_NOT] = JSON.stringify(local.absent);
}

function keep(local: LocalEndpoints): void {
  holder.reeflineContractEndpoints = local;
  Object.assign(process.env, local.env);
}

/** Ends what the set-up has started. */
export async function endLocalEndpoints(): Promise<void> {
  await holder.reeflineContractEndpoints?.stop();
}
