import { startLocalCloud } from '../../local/cloud.ts';
import { keepForTeardown } from './running-cloud.ts';

/**
 * Starts one local cloud for the whole run. Its addresses go into the environment, which the processes of the
 * suites inherit. `REEFLINE_TEST_NO_CLOUD=1` leaves it out, for runs of pure tests only.
 */
export default async function globalSetup(): Promise<void> {
  if (process.env['REEFLINE_TEST_NO_CLOUD'] === '1') return;
  const cloud = await startLocalCloud();
  keepForTeardown(cloud);
  Object.assign(process.env, cloud.env, { REEFLINE_TEST_POSTGRES_URL: cloud.postgresUrl });
}
