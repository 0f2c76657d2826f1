import { styleText } from 'node:util';
import type { Client } from '@temporalio/client';
import type pg from 'pg';
import { openCatalog } from '../workers/catalog.ts';
import type { Terminal } from './terminal.ts';

export type Style = Parameters<typeof styleText>[0];

/** What every command gets. Commands write, colour and connect through it only, so that tests need no process. */
export interface CliContext {
  /** True after `--json`: one JSON value on stdout and nothing else. */
  readonly wantsJson: boolean;
  /** True when a person sits at the terminal and can answer; never with `--json`. */
  readonly interactive: boolean;
  /** True when stdout is a terminal that shows colours, NO_COLOR is not set and `--json` was not asked for. */
  readonly colours: boolean;
  /** Width of the terminal in characters; undefined when the output goes to a file or a pipe, which has none. */
  readonly columns: number | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Who asks, for the records. */
  readonly actor: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Aborts at Ctrl-C. A command that asks for it must end by itself then. */
  readonly interruption: () => AbortSignal;
  /** Writes a result for people to stdout, and a line end. */
  readonly print: (text: string) => void;
  /** Writes a remark or progress to stderr, and a line end; silent with `--json`. */
  readonly say: (text: string) => void;
  /** Writes the result as JSON to stdout. Call it once, or once per line in a command that follows something. */
  readonly json: (value: unknown) => void;
  /** Writes the result: as JSON when that was asked for, else as the text. */
  readonly show: (value: unknown, text: () => string) => void;
  readonly paint: (style: Style, text: string) => string;
  /** Ends the command with this code when its action returns: 1 failed, 2 wrong usage or invalid input. */
  readonly exitWith: (code: 1 | 2) => void;
  /** The catalog, once it answers and its schema is new enough; closed when the command ends. */
  readonly openCatalog: (size?: number) => Promise<pg.Pool>;
  /** A client of the Temporal that the environment names; closed when the command ends. */
  readonly connectClient: () => Promise<Client>;
}

/** The context of one command line, and how it ends. */
export interface ContextOfRun {
  readonly context: CliContext;
  /** What `exitWith` was told; 0 otherwise. */
  exitCode(): number;
  close(): Promise<void>;
}

/** A person at a prompt is told after ten seconds; a worker keeps trying. */
const PATIENCE = 10_000;

export function createContext(terminal: Terminal, argv: readonly string[]): ContextOfRun {
  const wantsJson = argv.includes('--json');
  const { stdout, stderr, env, actor, now, interruption } = terminal;
  const colours =
    !wantsJson && stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const opened: (() => Promise<unknown>)[] = [];
  let code = 0;
  const print = (text: string): void => {
    stdout.write(`${text}\n`);
  };
  const say = (text: string): void => {
    if (!wantsJson) stderr.write(`${text}\n`);
  };
  const json = (value: unknown): void => print(JSON.stringify(value, undefined, 2));
  const context: CliContext = {
    wantsJson,
    interactive: terminal.answers && !wantsJson,
    colours,
    columns: stdout.isTTY === true ? stdout.columns : undefined,
    env,
    actor,
    now,
    interruption,
    print,
    say,
    json,
    show: (value, text) => {
      if (wantsJson) json(value);
      else print(text());
    },
    paint: (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text),
    exitWith: (asked) => {
      code = asked;
    },
    openCatalog: async (size = 1) => {
      const db = await openCatalog(env, size, say, AbortSignal.timeout(PATIENCE));
      opened.push(() => db.end());
      return db;
    },
    connectClient: async () => {
      // Loaded when it is needed: it brings the native core of the worker, and most commands need neither.
      const { connectClient } = await import('../workers/temporal.ts');
      const client = await connectClient(say, AbortSignal.timeout(PATIENCE));
      opened.push(() => client.connection.close());
      return client;
    },
  };
  return {
    context,
    exitCode: () => code,
    close: async () => {
      for (const end of opened.splice(0).reverse()) await end().catch(() => undefined);
    },
  };
}
