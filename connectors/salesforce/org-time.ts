/** Milliseconds to wait for an answer that only explains a refusal. */
const PATIENCE = 5_000;

/** The `Date` of an answer of the org; null when it gives none. */
export async function orgTime(loginUrl: string, signal: AbortSignal): Promise<string | null> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
  const asked = fetch(loginUrl, { method: 'HEAD', redirect: 'manual', signal: patience });
  return asked.then(
    ({ headers }) => headers.get('date'),
    () => null,
  );
}
