import { startLocalCloud } from '../local/cloud.ts';
import { recordBackfills } from './histories/backfills.ts';
import { recordOrchestration } from './histories/orchestration.ts';
import { makeCatalogTemplate } from '../test/support/local-cloud.ts';
import { createRecorder } from './histories/recorder.ts';
import { recordRouting } from './histories/routing.ts';
import { recordSyncs } from './histories/syncs.ts';
import { recordSweeps } from './histories/sweeps.ts';

/*
 * Runs every workflow in its interesting states on a local cloud and writes the histories that test/histories lacks; with
 * --again it writes all. Record from a commit that is deployed, never from the change that is being tested: otherwise
 * new code is compared with itself (docs/testing.md).
 */
const recorder = createRecorder(process.argv.includes('--again'));
const cloud = await startLocalCloud();
try {
  Object.assign(process.env, cloud.env, { REEFLINE_TEST_POSTGRES_URL: cloud.postgresUrl });
  await makeCatalogTemplate(cloud.postgresUrl);
  await recordRouting(recorder);
  await recordOrchestration(recorder);
  await recordBackfills(recorder);
  await recordSweeps(recorder);
  await recordSyncs(recorder);
} finally {
  await cloud.stop();
}
