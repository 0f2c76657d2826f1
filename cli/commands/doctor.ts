import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type pg from 'pg';
import { readVersionInForce } from '../../catalog/config-history.ts';
import { readEndpointViews } from '../../catalog/endpoint-health.ts';
import { readInboundHealth } from '../../catalog/inbound-health.ts';
import { withExamples } from '../command-group.ts';
import type { CliContext } from '../context.ts';
import { describeError } from '../describe-error.ts';
import { notesOn, notesOnSchedules, type Check } from '../doctor-checks.ts';
import {
  doctorText,
  reportFinding,
  reportMending,
  type DoctorReport,
  type ReportedFinding,
} from '../doctor-text.ts';
import { examine, repair, type Patient } from '../doctor.ts';
import { endpointChecks, notesOnEndpoints } from '../endpoint-list-text.ts';
import { inboundChecks } from '../inbound-check.ts';
import { InvalidInput } from '../invalid-input.ts';

/** What is younger is work in progress. Seconds. */
const AGE = 120;

export function addDoctorCommand(program: Command, context: CliContext): void {
  const command = program
    .command('doctor')
    .description('look for everything that is not as it should be, and mend it')
    .option('--repair', 'mend what can be mended, now; no worker is needed for that')
    .option('--older-than <seconds>', 'how long something must have been left undone', secondsArgument, AGE)
    .action(async ({ repair: mends, olderThan }: { repair?: true; olderThan: number }) => {
      const report = await visit(context, mends === true, olderThan);
      context.show(report, () => doctorText(context, report));
      if (!report.healthy) context.exitWith(1);
    });
  withExamples(command, ['reefline doctor', 'reefline doctor --repair', 'reefline doctor --json']);
}

async function visit(context: CliContext, mends: boolean, age: number): Promise<DoctorReport> {
  const catalog = await reach('catalog', () => context.openCatalog(4), catalogCure(context));
  const temporal = await reach('temporal', () => reachNamespace(context), TEMPORAL_CURE);
  const reached = [catalog.check, temporal.check];
  if (catalog.there === undefined) return reportOf(reached, [], []);
  const inForce = await readVersionInForce(catalog.there);
  if (inForce === undefined) return reportOf([...reached, EMPTY_STORE], [], []);
  const { version, project } = inForce;
  const config = { name: 'configuration', ok: true, detail: `version ${String(version)} is in force` };
  const sources = (project.inbound ?? []).map((source) => source.name);
  const inbound = inboundChecks(await readInboundHealth(catalog.there, sources), context.now());
  const endpoints = await readEndpointViews(catalog.there);
  const before = [...reached, config, ...inbound, ...endpointChecks(endpoints)];
  const standing = [...notesOn(project, context.env), ...notesOnEndpoints(endpoints, context.now())];
  if (temporal.there === undefined) return reportOf(before, standing, []);
  const notes = [...standing, ...(await notesOnSchedules(temporal.there, project))];
  const patient: Patient = { db: catalog.there, client: temporal.there, age };
  if (!mends) {
    const { checks, findings } = await examine(patient);
    return reportOf([...before, ...checks], notes, findings.map(reportFinding));
  }
  const { checks, done, mendings } = await repair(patient);
  return { ...reportOf([...before, ...checks], notes, mendings.map(reportMending)), done };
}

const EMPTY_STORE: Check = {
  name: 'configuration',
  ok: false,
  detail: 'the config store is empty',
  cure: 'reefline apply',
};

const TEMPORAL_CURE =
  'start Temporal, or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE; a namespace is created with: temporal operator namespace create';

function catalogCure({ env }: CliContext): string {
  return (env['REEFLINE_CATALOG_URL'] ?? '') === ''
    ? 'set REEFLINE_CATALOG_URL'
    : 'start the catalog or correct REEFLINE_CATALOG_URL; an old schema is brought up by: reefline catalog migrate';
}

/** A client whose namespace is there: a connection alone says nothing about it. */
async function reachNamespace(context: CliContext): Promise<Client> {
  const client = await context.connectClient();
  await client.workflowService.describeNamespace({ namespace: client.options.namespace });
  return client;
}

async function reach<There extends pg.Pool | Client>(
  name: string,
  open: () => Promise<There>,
  cure: string,
): Promise<{ readonly there: There | undefined; readonly check: Check }> {
  try {
    return { there: await open(), check: { name, ok: true, detail: 'answers' } };
  } catch (error) {
    return { there: undefined, check: { name, ok: false, detail: describeError(error), cure } };
  }
}

function reportOf(
  checks: readonly Check[],
  notes: readonly string[],
  findings: readonly ReportedFinding[],
): DoctorReport {
  const left = findings.filter(({ mended }) => mended !== true);
  return {
    healthy: checks.every(({ ok }) => ok) && left.length === 0,
    checks: checks.map(({ mend: _, ...check }) => check),
    notes,
    findings,
  };
}

function secondsArgument(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isInteger(seconds) || seconds < 0 || seconds > 86_400)
    throw new InvalidInput(
      `"${text}" is no length of time. Write a whole number of seconds from 0 to 86400.`,
    );
  return seconds;
}
