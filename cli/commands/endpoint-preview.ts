import type { Command } from 'commander';
import { searchEvents, type EventView } from '../../catalog/event-views.ts';
import { suggest } from '../../config/nearest.ts';
import type { EndpointDefinition } from '../../pipeline/endpoint.ts';
import type { Project } from '../../pipeline/project.ts';
import { countArgument } from '../arguments.ts';
import { checkedProject } from '../checked-project.ts';
import { groupOf, withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { previewText, type Previewed } from '../endpoint-text.ts';
import { InvalidInput } from '../invalid-input.ts';
import { judgeAtArrival } from '../judge-at-arrival.ts';

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

function requireEndpoint({ endpoints }: Project, name: string): EndpointDefinition {
  const found = endpoints.find((endpoint) => endpoint.name === name);
  if (found !== undefined) return found;
  const names = endpoints.map((endpoint) => endpoint.name);
  const cure = suggest(name, names, 'add it under endpoints: in reefline.yaml');
  throw new InvalidInput(`There is no endpoint "${name}": ${cure}`);
}
