import type { Fault } from './fault.ts';
import { messageFaults } from './message-faults.ts';
import { momentFaults } from './moment-faults.ts';
import { projectFaults } from './project-faults.ts';
import { serverFaults } from './server-faults.ts';
import { wayFaults } from './way-faults.ts';
import { workerFaults } from './worker-faults.ts';

/** What can happen to an operation of Reefline, and to its router. */
export const FAULTS: readonly Fault[] = [
  ...workerFaults,
  ...momentFaults,
  ...wayFaults,
  ...serverFaults,
  ...messageFaults,
  ...projectFaults,
];
