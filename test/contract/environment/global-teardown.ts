import { endLocalEndpoints } from './global-setup.ts';

/** Ends the local cloud of the run, if it has one. */
export default async function globalTeardown(): Promise<void> {
  await endLocalEndpoints();
}
