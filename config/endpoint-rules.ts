import type { EndpointDefinition } from '../pipeline/endpoint.ts';
import { addressProblem } from '../pipeline/webhook-address.ts';
import { suggest } from './nearest.ts';
import type { Problem } from './problem.ts';
import { isPlain } from './secret-reference.ts';
import type { YamlFile } from './yaml-file.ts';

/** Filters that would let no event pass, or never the one that was meant, and addresses: what the schema of one endpoint cannot say. */
export function endpointProblems(
  yaml: YamlFile,
  endpoints: readonly EndpointDefinition[],
  pipelines: readonly string[],
): readonly Problem[] {
  return endpoints.flatMap((endpoint) => {
    const { name, events, on, pipelines: named } = endpoint;
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
    return [...problems, ...addressProblems(yaml, endpoint)];
  });
}

function addressProblems(yaml: YamlFile, endpoint: EndpointDefinition): readonly Problem[] {
  if (endpoint.kind === 'sqs') return [];
  const { name, url, secret } = endpoint;
  const path = ['endpoints', name];
  const found = isPlain(url) ? addressProblem(url) : undefined;
  return [
    ...(found === undefined ? [] : [yaml.problem([...path, 'url'], found.problem, found.cure)]),
    ...(isPlain(secret)
      ? [
          yaml.problem(
            [...path, 'secret'],
            'this value is a secret in plain text',
            'put it into an environment variable of the worker and write "${env:NAME}"',
          ),
        ]
      : []),
  ];
}
