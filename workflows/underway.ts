import { condition } from '@temporalio/workflow';

/** What a workflow has begun and does not wait for one by one. */
export class Underway {
  #count = 0;
  #failure: { readonly error: unknown } | undefined;

  begin(works: readonly Promise<void>[]): void {
    this.#count += works.length;
    const end = (): void => {
      this.#count -= 1;
    };
    for (const work of works)
      work.then(end, (error: unknown) => {
        end();
        this.#failure ??= { error };
      });
  }

  /** Waits until no more than so many go on. @throws the first failure of one of them. */
  async atMost(count: number): Promise<void> {
    await condition(() => this.#count <= count || this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
