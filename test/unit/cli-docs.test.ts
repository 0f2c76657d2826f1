import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { createContext } from '../../cli/context.ts';
import { buildProgram } from '../../cli/program.ts';
import { testTerminal } from '../support/cli-terminal.ts';

const PAGE = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
const PROGRAM = buildProgram(createContext(testTerminal().terminal, []).context);

/** `events tail` for each command that does something, without the hidden ones. */
function commandsOf(command: Command, path: readonly string[] = []): string[] {
  const below = command
    .createHelp()
    .visibleCommands(command)
    .filter((each) => each.name() !== 'help');
  const own = below.length === 0 ? [path.join(' ')] : [];
  return [...own, ...below.flatMap((each) => commandsOf(each, [...path, each.name()]))];
}

/** The commands that the page names: in its text as code, and in its examples after the prompt. */
function mentions(): string[] {
  return [...PAGE.matchAll(/(?:`|^\$ )reefline ([a-z][^`\n]*)/gm)].map(([, words = '']) => words);
}

test('the page names every command, and every command that it names is there', () => {
  const commands = commandsOf(PROGRAM);
  const named = mentions();
  expect(named.length).toBeGreaterThan(30);
  const resolved = named.map(
    (words) => commands.find((command) => `${words} `.startsWith(`${command} `)) ?? `unknown: ${words}`,
  );
  expect([...new Set(resolved)].sort()).toEqual(commands.sort());
});

test('the examples use options that their commands have', () => {
  for (const words of mentions()) {
    let command = PROGRAM;
    for (const word of words.split(' '))
      command = command.commands.find((each) => each.name() === word) ?? command;
    const known = command.options.flatMap(({ long, short }) => [long, short]);
    const used = words.replaceAll(/"[^"]*"/g, '').match(/(?<= )--?[a-z][a-z-]*/g) ?? [];
    expect(known).toEqual(expect.arrayContaining(used));
  }
});
