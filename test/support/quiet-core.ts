import { makeTelemetryFilterString } from '@temporalio/worker';

/** For `Runtime.install` where the core would warn of what is as it should be. */
export const QUIET_CORE = { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) };
