import { proxyActivities } from '@temporalio/workflow';

const { firstLine } = proxyActivities<{ firstLine(key: string): Promise<void> }>({
  startToCloseTimeout: '60s',
});

/** The least that Temporal can be asked to do: one workflow, one activity, default options. */
export async function bare(key: string): Promise<void> {
  await firstLine(key);
}
