/** Seconds after which a scrape goes on without whoever does not answer: Prometheus itself waits for ten. */
export const PATIENCE = 4;

export function afterSeconds(seconds: number): Promise<undefined> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(undefined), seconds * 1000).unref();
  });
}
