import type { Command } from 'commander';
import { suggest } from '../../config/nearest.ts';
import type { InboundSource } from '../../pipeline/inbound.ts';
import type { Project } from '../../pipeline/project.ts';
import { probeInbound } from '../../workers/probe-inbound.ts';
import { checkedProject } from '../checked-project.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { inboundProbeText } from '../inbound-probe-text.ts';
import { InvalidInput } from '../invalid-input.ts';

export function addInboundTestCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'inbound')
    .command('test')
    .description('ask the queues of a source about themselves, as a worker with this environment would')
    .argument('<source>', 'name of the source in reefline.yaml')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .action(async (name: string, dir: string) => {
      const project = await checkedProject(dir, context, 'Nothing was asked');
      const probed = await probeInbound(requireSource(project, name), context.env);
      context.show(probed, () => inboundProbeText(probed));
      if (!probed.answers) context.exitWith(1);
    });
  withExamples(command, [
    'reefline inbound test partner_files',
    'reefline inbound test partner_files my-project --json',
  ]);
}

/** The source of this name in the files of a project. @throws InvalidInput when there is none. */
function requireSource({ inbound = [] }: Project, name: string): InboundSource {
  const found = inbound.find((source) => source.name === name);
  if (found !== undefined) return found;
  const names = inbound.map((source) => source.name);
  const cure = suggest(name, names, 'add it under inbound: in reefline.yaml');
  throw new InvalidInput(`There is no inbound source "${name}": ${cure}`);
}
