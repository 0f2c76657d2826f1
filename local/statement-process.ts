import type { ClientBase } from 'pg';

/**
 * The process of PostgreSQL that works for one statement, and for others after it. A cancellation names a process and
 * not a statement (https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL), so one that is
 * still on its way when the statement has ended would end the next one.
 */
export class StatementProcess {
  readonly #cancelBackend: (pid: number) => Promise<unknown>;
  #pid: number | undefined;
  #sent: Promise<unknown> = Promise.resolve();

  constructor(cancelBackend: (pid: number) => Promise<unknown>) {
    this.#cancelBackend = cancelBackend;
  }

  /** From now on the process of this connection works for the statement. Answers its number. */
  enter(client: ClientBase): number {
    // pg's types leave the member out.
    const { processID } = client as ClientBase & { readonly processID: number };
    this.#pid = processID;
    return processID;
  }

  /** Ends what it does for the statement at this moment. False when it does nothing for it. */
  async cancel(): Promise<boolean> {
    const sent = this.#sent.then(async () => {
      if (this.#pid === undefined) return false;
      await this.#cancelBackend(this.#pid);
      return true;
    });
    this.#sent = sent.catch(() => undefined);
    return sent;
  }

  /** The statement has ended. Only after this has returned may the process be given something else to do. */
  async leave(): Promise<void> {
    this.#pid = undefined;
    await this.#sent;
  }
}
