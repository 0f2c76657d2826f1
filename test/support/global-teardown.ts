import { cloudOfThisRun } from './running-cloud.ts';

/** Stops the local cloud of the run. */
export default async function globalTeardown(): Promise<void> {
  await cloudOfThisRun()?.stop();
}
