import { Option } from 'commander';
import { WAITING_POLICIES } from '../pipeline/join-effect.ts';
import { choiceArgument } from './arguments.ts';

/** `--waiting <policy>`, for every command that puts a config version in force or shows what that would do. */
export function waitingOption(description = 'what waiting labels do whose stage changes'): Option {
  return new Option('--waiting <policy>', description)
    .choices(WAITING_POLICIES)
    .argParser(choiceArgument(WAITING_POLICIES));
}

/** The same where the plan, when there is one, says what is meant by leaving it out. */
export function optionalWaiting(): Option {
  return waitingOption('what waiting labels do whose stage changes (default: re-evaluate)');
}
