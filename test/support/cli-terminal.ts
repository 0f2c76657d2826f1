import type { AddCommand } from '../../cli/command-group.ts';
import { runCli } from '../../cli/program.ts';
import type { Terminal } from '../../cli/terminal.ts';

/** What a command line printed, and how it ended. */
export interface CliOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliSetting {
  readonly env?: NodeJS.ProcessEnv;
  /** Width of the terminal; absent, the output goes to a pipe. */
  readonly columns?: number;
  /** Milliseconds since the Unix epoch; absent, the clock. */
  readonly now?: number;
  /** Ends a command that follows something. */
  readonly interruption?: AbortSignal;
  /** Called with everything that is on stdout, whenever something is written there. */
  readonly seen?: (stdout: string) => void;
  readonly commands?: readonly AddCommand[];
  /** Who types; a tester when absent. */
  readonly actor?: string;
}

/** A terminal that keeps what is written to it. */
export function testTerminal(setting: CliSetting = {}): {
  terminal: Terminal;
  written: () => Omit<CliOutcome, 'exitCode'>;
} {
  let stdout = '';
  let stderr = '';
  const { columns, now, interruption = new AbortController().signal, actor = 'tester' } = setting;
  const terminal = {
    stdout: {
      write: (text: string) => {
        stdout += text;
        setting.seen?.(stdout);
      },
      ...(columns === undefined ? {} : { isTTY: true, columns }),
    },
    stderr: { write: (text: string) => void (stderr += text) },
    answers: false,
    env: setting.env ?? {},
    actor,
    now: now === undefined ? Date.now : () => now,
    interruption: () => interruption,
  };
  return { terminal, written: () => ({ stdout, stderr }) };
}

/** Runs a command line in this process, as `reefline …` would, and returns what it printed. */
export async function runReefline(argv: readonly string[], setting: CliSetting = {}): Promise<CliOutcome> {
  const { terminal, written } = testTerminal(setting);
  const { commands } = setting;
  const exitCode = await runCli(argv, terminal, ...(commands === undefined ? [] : [commands]));
  return { exitCode, ...written() };
}
