import type { AccountStore } from './account-store.ts';
import type { Databases } from './databases.ts';
import { Fault } from './fault.ts';
import { Session } from './session.ts';
import { signIn, type SignInRequest } from './sign-in.ts';

/** Where a session starts, as the query string of a login-request says it. */
export interface StartingPlace {
  readonly database: string | undefined;
  readonly schema: string | undefined;
  readonly warehouse: string | undefined;
  readonly role: string | undefined;
  /** Refuse names that are not there, instead of starting without them. */
  readonly validate: boolean;
}

/** The sessions of this process. They end with it, as they do when the service loses them. */
export class Sessions {
  readonly #account: AccountStore;
  readonly #databases: Databases;
  readonly #byToken = new Map<string, Session>();

  constructor(account: AccountStore, databases: Databases) {
    this.#account = account;
    this.#databases = databases;
  }

  async open(request: SignInRequest, start: StartingPlace): Promise<Session> {
    await this.#endIdle();
    const user = signIn(this.#account, request, Date.now());
    const role = start.role ?? user.defaultRole ?? 'PUBLIC';
    if (!this.#account.has('role', role) || !this.#account.mayUse(user.name, role))
      throw new Fault(
        '390189',
        `Role '${role}' specified in the connect string does not exist or not authorized. Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.`,
        '08001',
      );
    const found = (kind: 'database' | 'warehouse', name: string | undefined): string | undefined => {
      if (name === undefined || this.#account.has(kind, name)) return name;
      if (!start.validate) return undefined;
      throw new Fault('390201', `The requested ${kind} does not exist or not authorized.`, '08001');
    };
    const place = {
      user: user.name,
      role,
      warehouse: found('warehouse', start.warehouse),
      database: found('database', start.database),
      schema: 'PUBLIC',
    };
    const session = new Session(place, (database) => this.#databases.connect(database));
    this.#byToken.set(session.token, session);
    return session;
  }

  /** @throws Fault when the session has ended; the client then reports that it is disconnected. */
  find(token: string): Session {
    const session = this.#byToken.get(token);
    if (session === undefined)
      throw new Fault(
        '390111',
        'Session no longer exists.  New login required to access the service.',
        '08001',
      );
    session.usedAt = Date.now();
    return session;
  }

  ofMaster(token: string): Session {
    const session = [...this.#byToken.values()].find(({ masterToken }) => masterToken === token);
    if (session === undefined)
      throw new Fault(
        '390114',
        'Authentication token has expired.  The user must authenticate again.',
        '08001',
      );
    return session;
  }

  async close(token: string): Promise<void> {
    const session = this.find(token);
    this.#byToken.delete(token);
    await session.close();
  }

  async stop(): Promise<void> {
    const open = [...this.#byToken.values()];
    this.#byToken.clear();
    await Promise.all(open.map((session) => session.close()));
  }

  async #endIdle(): Promise<void> {
    const now = Date.now();
    for (const [token, session] of this.#byToken) {
      if (!session.isIdle(now)) continue;
      this.#byToken.delete(token);
      await session.close();
    }
  }
}
