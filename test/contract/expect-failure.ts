/** What the work threw. @throws when it succeeded. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    (value) => ({ value }),
    (failure: unknown) => ({ failure }),
  );
  if ('failure' in outcome) return outcome.failure;
  throw new Error(`Expected a failure, got ${JSON.stringify(outcome.value)}.`);
}
