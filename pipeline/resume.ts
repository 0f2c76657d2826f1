/** What happens to the labels that a pause held: all run, the newest of each stage runs, or none does. */
export const RESUME_POLICIES = ['drain', 'latest', 'skip'] as const;
export type ResumePolicy = (typeof RESUME_POLICIES)[number];

/** Which held labels run and which are skipped when the stages are resumed. */
export function resumePlan<Held extends { readonly stage: string; readonly timelabel: string }>(
  held: readonly Held[],
  policy: ResumePolicy,
): { readonly run: readonly Held[]; readonly skip: readonly Held[] } {
  switch (policy) {
    case 'drain':
      return { run: held, skip: [] };
    case 'skip':
      return { run: [], skip: held };
    case 'latest': {
      const newest = new Map<string, string>();
      for (const { stage, timelabel } of held)
        if (timelabel > (newest.get(stage) ?? '')) newest.set(stage, timelabel);
      const isNewest = (one: Held): boolean => newest.get(one.stage) === one.timelabel;
      return { run: held.filter(isNewest), skip: held.filter((one) => !isNewest(one)) };
    }
  }
}
