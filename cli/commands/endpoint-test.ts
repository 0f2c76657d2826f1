import type { Command } from 'commander';
import { probeEndpoint } from '../../workers/probe-endpoint.ts';
import { checkedProject } from '../checked-project.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { requireEndpoint } from '../project-endpoint.ts';
import { probeText } from '../probe-text.ts';

export function addEndpointTestCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'endpoint')
    .command('test')
    .description('send a probe to an endpoint as a worker with this environment would, and explain a refusal')
    .argument('<endpoint>', 'name of the endpoint in reefline.yaml')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .action(async (name: string, dir: string) => {
      const project = await checkedProject(dir, context, 'Nothing was sent');
      const endpoint = requireEndpoint(project, name);
      const probed = await probeEndpoint(endpoint, context.env, context.actor, context.now());
      context.show(probed, () => probeText(probed));
      if (!probed.delivered) context.exitWith(1);
    });
  withExamples(command, [
    'reefline endpoint test customers',
    'reefline endpoint test customers my-project --json',
  ]);
}
