import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import type { YamlFile } from './yaml-file.ts';

/** Filters that would let no event pass, or never the one that was meant: what the schema of one endpoint cannot say. */
export function endpointProblems(
  yaml: YamlFile,
  endpoints: readonly EndpointDefinition[],
  pipelines: readonly string[],
): readonly Problem[] {
  return endpoints.flatMap(({ name, events, on, pipelines: named }) => {
    const path = ['endpoints', name];
    const problems = (named ?? []).flatMap((pipeline, at) =>
      pipelines.includes(pipeline)
        ? []
        : [
            yaml.problem(
              [...path, 'pipelines', at],
              `pipeline ${pipeline} is not known`,
              suggest(pipeline, pipelines, 'name a pipeline of this project'),
            ),
          ],
    );
    if (on !== undefined && events?.includes('data') === false)
      problems.push(
        yaml.problemAtKey(
          [...path, 'on'],
          'schema changes have no outcome, and data events are left out by events',
          'remove on, or add data to events',
        ),
      );
    return problems;
  });
}
