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
  // A profile or a session of the developer's own would win over the keys of the local cloud.
  delete process.env['AWS_PROFILE'];
  delete process.env['AWS_SESSION_TOKEN'];
  Object.assign(process.env, cloud.env, { REEFLINE_TEST_POSTGRES_URL: cloud.postgresUrl });
}
