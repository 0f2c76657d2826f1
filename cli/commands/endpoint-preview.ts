import type { Command } from 'commander';
import { searchEvents, type EventView } from '../../catalog/event-views.ts';
import type { EndpointDefinition } from '../../pipeline/endpoint.ts';
import { countArgument } from '../arguments.ts';
import { checkedProject } from '../checked-project.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { previewText, type Previewed } from '../endpoint-text.ts';
import { judgeAtArrival } from '../judge-at-arrival.ts';
import { requireEndpoint } from '../project-endpoint.ts';

export function addEndpointPreviewCommand(program: Command, context: CliContext): void {
  const command = groupOf(program, 'endpoint')
    .command('preview')
    .description(
      'which of the newest events an endpoint would be sent, as the files of a project describe it',
    )
    .argument('<endpoint>', 'name of the endpoint in reefline.yaml')
    .argument('[dir]', 'folder with reefline.yaml', '.')
    .option('-n, --limit <n>', 'how many events to look at', countArgument, 20)
    .action(async (name: string, dir: string, { limit }: { limit: number }) => {
      const project = await checkedProject(dir, context, 'Nothing was looked at');
      const endpoint = requireEndpoint(project, name);
      const events = await searchEvents(await context.openCatalog(), {}, limit);
      const preview = previewOf(endpoint, events);
      context.show(preview, () => previewText(context, endpoint, preview));
    });
  withExamples(command, [
    'reefline endpoint preview customers',
    'reefline endpoint preview on_call my-project --limit 200',
  ]);
}

function previewOf(endpoint: EndpointDefinition, events: readonly EventView[]): readonly Previewed[] {
  const judge = judgeAtArrival(endpoint);
  return events.map((event) => ({
    ...event,
    leftOutBy: judge(event) ?? null,
  }));
}
