import type pg from 'pg';
import { selectedOutcomes } from '../pipeline/outcome.ts';
import type { Project } from '../pipeline/project.ts';
import { triggers } from '../pipeline/window.ts';

/** Writes the parts of a config version that SQL looks into: pipelines, stages, dependencies and endpoints. */
export async function writeConfigRows(
  client: pg.PoolClient,
  version: number,
  project: Project,
): Promise<void> {
  await client.query({
    name: 'write-pipelines',
    text: 'insert into reefline.pipeline (config_version, name) select $1, name from unnest($2::text[]) name',
    values: [version, project.pipelines],
  });
  await writeStages(client, version, project);
  await writeEndpoints(client, version, project);
}

async function writeStages(client: pg.PoolClient, version: number, project: Project): Promise<void> {
  await client.query({
    name: 'write-stages',
    text: `insert into reefline.stage (config_version, id, pipeline, kind, output, period, definition)
           select $1, s->>'id', s->>'pipeline', s->'work'->>'kind', s->>'output', s->>'period', s
             from jsonb_array_elements($2::jsonb) s`,
    values: [version, JSON.stringify(project.stages)],
  });
  const dependencies = project.stages.flatMap((stage) =>
    stage.inputs.map(({ dataset, window, period, on }) => ({
      stage: stage.id,
      dataset,
      window,
      on,
      outcomes: selectedOutcomes(on),
      follows: triggers(window, stage.period, period),
    })),
  );
  await client.query({
    name: 'write-dependencies',
    text: `insert into reefline.dependency (config_version, stage, dataset, window_rule, on_status, outcomes, follows)
           select $1, d->>'stage', d->>'dataset', d->>'window', array(select jsonb_array_elements_text(d->'on')),
                  array(select jsonb_array_elements_text(d->'outcomes')), (d->>'follows')::boolean
             from jsonb_array_elements($2::jsonb) d`,
    values: [version, JSON.stringify(dependencies)],
  });
}

/** An endpoint that left the configuration keeps its owed deliveries but is owed nothing new. */
async function writeEndpoints(client: pg.PoolClient, version: number, project: Project): Promise<void> {
  await client.query('update reefline.endpoint set active = false');
  await client.query({
    name: 'write-endpoints',
    text: `insert into reefline.endpoint (name, definition, config_version)
           select e->>'name', e, $1 from jsonb_array_elements($2::jsonb) e
           on conflict (name) do update
             set definition = excluded.definition, config_version = excluded.config_version, active = true`,
    values: [version, JSON.stringify(project.endpoints)],
  });
}
