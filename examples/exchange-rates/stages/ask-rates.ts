import { type FailureClass, StageFailure } from 'reefline/stage';

/** Rates of a day by currency, from an API such as https://frankfurter.dev (rates of the European Central Bank). */
export async function askRates(
  api: string,
  query: { readonly day: string; readonly base: string; readonly currencies: readonly string[] },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const { day, base, currencies } = query;
  const url = new URL(`${api.replace(/\/$/, '')}/${day}`);
  url.search = new URLSearchParams({ base, symbols: currencies.join(',') }).toString();
  const response = await fetch(url, { signal }).catch((error: unknown) => {
    throw new StageFailure('unavailable', `The exchange rates of ${day} could not be asked for.`, {
      cause: error,
    });
  });
  if (!response.ok)
    throw new StageFailure(
      classOf(response.status),
      `The API answered ${String(response.status)} when asked for the exchange rates of ${day}.`,
      { facts: { status: response.status, day } },
    );
  const answer = (await response.json()) as { readonly rates?: Readonly<Record<string, unknown>> };
  return new Map(
    currencies.map((currency) => {
      const rate = answer.rates?.[currency];
      if (typeof rate === 'number' && rate > 0) return [currency, rate];
      throw new StageFailure('data_error', `The API knows no rate of ${currency} for ${day}.`, {
        facts: { currency, day },
      });
    }),
  );
}

/** What may pass by itself is tried again; the rest waits for a person. */
function classOf(status: number): FailureClass {
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404) return 'not_found';
  return status >= 500 ? 'unavailable' : 'rejected';
}
