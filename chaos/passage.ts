import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens at a gate to those who pass it. */
export type GateState = 'open' | 'refusing' | 'silent' | 'slow' | 'failing' | 'throttling' | 'truncating';

/** Waits for one request, and holds its connection for ever at that moment: before the server has it, or before the answer is known. */
export interface Trap {
  /** Matched against each piece of a request as Latin-1 text. */
  readonly pattern: RegExp;
  readonly moment: 'asked' | 'answered';
  spring(): void;
}

/** Bytes of an answer that pass while a gate truncates. */
const TRUNCATED = 120;
/** Milliseconds by which a slow gate holds every piece back. */
const DELAY = 60;

/** One connection through a gate: bytes of requests and of answers, each in their order. */
export class Passage {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #state: () => GateState;
  #asked: Trap | undefined;
  #requests: Promise<void> | undefined;
  #answers: Promise<void> | undefined;
  #answered = 0;

  constructor(
    near: Socket,
    far: Socket,
    { state, trap, ended }: { state: () => GateState; trap: () => Trap | undefined; ended: () => void },
  ) {
    this.#near = near;
    this.#far = far;
    this.#state = state;
    near.on('error', () => undefined);
    far.on('error', () => near.destroy());
    near.on('data', (bytes) => {
      const set = trap();
      if (set?.pattern.test(bytes.toString('latin1')) === true) {
        if (set.moment === 'asked') {
          this.#hold(set);
          return;
        }
        this.#asked = set;
      }
      this.#requests = this.#pass(bytes, far, this.#requests);
    });
    far.on('data', (bytes) => {
      if (this.#asked !== undefined && this.#asked === trap()) {
        this.#hold(this.#asked);
        return;
      }
      this.#answered += bytes.length;
      if (state() === 'truncating' && this.#answered > TRUNCATED)
        near.end(bytes.subarray(0, TRUNCATED), () => this.#end());
      else this.#answers = this.#pass(bytes, near, this.#answers);
    });
    const close = (): void => {
      ended();
      // What is still on its way arrives before the end of the connection does.
      void Promise.all([this.#requests, this.#answers]).then(() => this.#end());
    };
    near.once('close', close);
    far.once('close', close);
    this.follow();
  }

  /** Does what the state of the gate says now to a connection that is there. */
  follow(): void {
    for (const socket of [this.#near, this.#far])
      if (this.#state() === 'silent') socket.pause();
      else socket.resume();
  }

  /** Both sides see it break. */
  break(): void {
    this.#near.resetAndDestroy();
    this.#far.destroy();
  }

  /** These bytes and all later ones go nowhere. */
  #hold(trap: Trap): void {
    for (const socket of [this.#near, this.#far]) socket.removeAllListeners('data');
    trap.spring();
  }

  #end(): void {
    this.#near.destroy();
    this.#far.destroy();
  }

  /** Hands on at once, or later when the gate is slow or earlier bytes still wait; answers what later ones wait for. */
  #pass(bytes: Buffer, to: Socket, before: Promise<void> | undefined): Promise<void> | undefined {
    const slow = this.#state() === 'slow';
    if (!slow && before === undefined) {
      to.write(bytes);
      return undefined;
    }
    return (before ?? Promise.resolve()).then(async () => {
      if (slow) await sleep(DELAY);
      to.write(bytes);
    });
  }
}
