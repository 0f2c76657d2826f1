import { fileURLToPath } from 'node:url';
import { type HeldProcess, holdProcess } from '../cli/dev/held-process.ts';
import { ownEnvironment } from '../examples/flights/engine.ts';
import { openGate, type Gate } from './gate.ts';
import type { ServerReply, ServerRequest } from './server-request.ts';

const PROGRAM = fileURLToPath(new URL('./server-process.ts', import.meta.url));
/** Milliseconds for a server to end by itself. */
const PATIENCE = 15_000;

/** A server that can be killed. It comes back on another port, which those who come through gates do not notice. */
export class Server {
  readonly #request: ServerRequest;
  readonly #gates: readonly Gate[];
  #begun: Begun;
  #crashed: Promise<void> = Promise.resolve();
  /** Through a gate that nobody disturbs: always the address of the server that lives. */
  readonly url: string;

  private constructor(request: ServerRequest, gates: readonly Gate[], begun: Begun) {
    this.#request = request;
    this.#gates = gates;
    this.#begun = begun;
    this.url = throughGate(begun.url, gates[0]);
  }

  /** Starts it, with a calm gate and `disturbed` ones, which are opened here. */
  static async start<Way extends string>(
    request: ServerRequest,
    ways: readonly Way[],
  ): Promise<{ readonly server: Server; readonly gates: Readonly<Record<Way, Gate>> }> {
    const begun = await begin(request);
    const target = new URL(begun.url).host;
    const calm = await openGate(target);
    const disturbed = await Promise.all(ways.map(async (way) => [way, await openGate(target)] as const));
    const gates = Object.fromEntries(disturbed) as Record<Way, Gate>;
    return { server: new Server(request, [calm, ...disturbed.map(([, gate]) => gate)], begun), gates };
  }

  /** SIGKILL, and after `pause` a start on the data that is left. Resolves when it answers again. One crash at a time. */
  async crash(pause: () => Promise<void>): Promise<void> {
    this.#crashed = this.#crashed.then(() => this.#crash(pause));
    await this.#crashed;
  }

  async #crash(pause: () => Promise<void>): Promise<void> {
    const { held, pid } = this.#begun;
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      throw await endedByItself(this.#request, this.#begun, error);
    }
    await held.stop(PATIENCE);
    await pause();
    this.#begun = await begin(this.#request);
    for (const gate of this.#gates) gate.aim(new URL(this.#begun.url).host);
  }

  async stop(): Promise<void> {
    await this.#begun.held.stop(PATIENCE);
    for (const gate of this.#gates) await gate.close();
  }
}

/** The same address, as it is at the near side of a gate. */
export function throughGate(url: string, gate: Gate | undefined): string {
  return Object.assign(new URL(url), { host: gate?.address }).href.replace(/\/$/, '');
}

interface Begun extends ServerReply {
  readonly held: HeldProcess;
  /** The last lines that it has written to standard error. */
  readonly complaints: readonly string[];
}

async function begin(request: ServerRequest): Promise<Begun> {
  const complaints: string[] = [];
  const held = holdProcess([PROGRAM, JSON.stringify(request)], ownEnvironment(), (line) => {
    if (complaints.push(line) > 20) complaints.shift();
  });
  for await (const line of held.stdout) return { held, complaints, ...(JSON.parse(line) as ServerReply) };
  throw new Error(
    `The server "${request.kind}" did not start (${await held.ended}).\n${complaints.join('\n')}`,
  );
}

/** A server must live until somebody kills it: says which one did not, and what it said at its end. */
async function endedByItself(
  { kind, dir }: ServerRequest,
  { held, pid, complaints }: Begun,
  cause: unknown,
): Promise<Error> {
  const holder = await Promise.race([held.ended, Promise.resolve('it still runs')]);
  return new Error(
    `The server "${kind}" in ${dir} had ended before it was killed: process ${String(pid)} is gone, and of the process that holds it: ${holder}.\n${complaints.join('\n')}`,
    { cause },
  );
}
